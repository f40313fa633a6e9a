import { basename } from "node:path";
import type { EngineRun } from "../engine.ts";
import { logicalNameOf } from "./owners.ts";

/** Why a preview failed, sorted by what it means. */
export interface Failures {
  /** Wrong input, a broken platform, a defect: lines as the program or the engine said them. */
  readonly errors: readonly string[];
  /** The errors are the program's report of wrong files. */
  readonly wrongInput: boolean;
  /** The program's lines about instances whose file is gone, by instance. */
  readonly vanished: ReadonlyMap<string, string>;
  /** URNs of resources that are protected and would have to go. */
  readonly refused: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

// The line of program/instance/vanished.ts.
const vanishedLine = /^\s*(\S+\.ya?ml): is gone\b/;
const title = /nothing was changed:$/;
// The title of program/index.ts.
const wrongInputTitle = /^\s*(?:Error: )?Wrong input for stack \S+; nothing was changed:/m;
const isProtected = /cannot be deleted\s+because it is protected/;
// What the engine says besides when something failed: its reason is in other lines.
const consequence = /^(?:preview|update) failed$/;
// A policy pack's error when the engine was told to end.
const cancelled =
  /^failed to run (?:remediation|policy)[^\n]*: (?:context canceled|rpc error: code = Canceled\b[^\n]*)$/i;
// What the program says when something that it needs failed before: the reason is that resource's
// own line.
const failedBefore = /: resource \S+ \[[^\]]+\] failed to register\b/;

export function readFailures(
  run: Pick<EngineRun, "diagnostics" | "succeeded" | "output">,
  policyViolated: boolean,
): Failures {
  const errors: string[] = [];
  const warnings: string[] = [];
  const vanished = new Map<string, string>();
  const refused = new Set<string>();
  for (const { severity, message, urn = "" } of run.diagnostics) {
    if (severity === "warning") warnings.push(about(urn, message));
    if (severity !== "error" || failedBefore.test(message) || cancelled.test(message.trim()))
      continue;
    if (isProtected.test(message)) {
      refused.add(urn);
      continue;
    }
    const rest: string[] = [];
    for (const line of message.split("\n")) {
      const [, file] = vanishedLine.exec(line) ?? [];
      if (file !== undefined) vanished.set(basename(file).replace(/\.ya?ml$/, ""), line.trim());
      else if (line.trim() !== "" && !title.test(line))
        rest.push(line.replace(/^ {2}/, "").trimEnd());
    }
    if (rest.length > 0 && !consequence.test(rest.join("\n").trim()))
      errors.push(about(urn, rest.join("\n")));
  }
  const explained = errors.length > 0 || vanished.size > 0 || refused.size > 0 || policyViolated;
  if (!run.succeeded && !explained)
    errors.push(run.output.trim().split("\n").slice(-20).join("\n"));
  return {
    wrongInput: run.diagnostics.some(({ message }) => wrongInputTitle.test(message)),
    errors: [...new Set(errors)].sort(),
    vanished,
    refused,
    warnings: [...new Set(warnings)].sort(),
  };
}

const about = (urn: string, message: string): string =>
  urn === "" || urn.includes("::pulumi:pulumi:Stack::")
    ? message
    : `${logicalNameOf(urn)}: ${message}`;
