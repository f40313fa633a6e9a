import { openBackend } from "./reviewEnvironments/backend.ts";
import { endingDays } from "../../program/instance/tokenGenerations.ts";
import { nearestFirst } from "../../program/values/nearest.ts";
import { columns } from "../columns.ts";
import type { Context, Define } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { moment } from "../job/terminalText.ts";
import { jsonOption, writeResult } from "../jsonOutput.ts";
import { Refusal } from "../refusal.ts";
import { refuseUnknownStack } from "../unknownStack.ts";
import { asObject } from "./preview/values.ts";
import { rowsIn, unusedDays, withUses, type TokenRow } from "./tokens/rows.ts";
import { readUses } from "./tokens/uses.ts";

interface Options {
  readonly check: boolean;
  readonly used: boolean;
  readonly json?: string;
}

export const define: Define = (command, context, end) => {
  command
    .argument("<stack>", "environment, as its last update left it")
    .argument("[instance]", "only the tokens of this one")
    .option(
      "--check",
      `end with exit code ${ExitCode.Ending} if a token is over, or ends within ${endingDays} days`,
      false,
    )
    .option(
      "--used",
      `show when each token was last used, and those unused for ${unusedDays} days; asks the instance by a Job, so name it`,
      false,
    )
    .addOption(jsonOption())
    .action((stack: string, instance: string | undefined, options: Options) =>
      end(() => tokens(context, stack, instance, options)),
    );
};

async function tokens(
  context: Context,
  stack: string,
  instance: string | undefined,
  { check, used, json }: Options,
): Promise<ExitCode> {
  const { root, signal, note, today } = context;
  if (used && instance === undefined)
    throw new Refusal("--used: needs an instance; use tokens <stack> <instance> --used.");
  refuseUnknownStack(root, stack);
  const backend = openBackend({ root, signal, note });
  const answer = await context.during(`Reading the outputs of stack ${stack}`, () =>
    backend.run(["stack", "output", "--json", "--stack", stack]),
  );
  const outputs = JSON.parse(answer) as Record<string, unknown>;
  const known = Object.keys(asObject(outputs["instances"]));
  if (instance !== undefined && !known.includes(instance))
    throw new Refusal(
      `Stack ${stack} has no instance "${instance}"; it has ${nearestFirst(instance, known).join(", ") || "none"}.`,
    );
  let rows = rowsIn(outputs, today).filter(
    (row) => instance === undefined || row.instance === instance,
  );
  if (used && instance !== undefined) {
    const uses = await readUses(context, stack, instance);
    if (typeof uses === "number") return uses;
    rows = withUses(rows, uses, today);
  }
  await writeResult(context, json, { text: textOf(rows), facts: rows.map(factsOf) });
  return check && rows.some(({ state, use }) => state !== "valid" || use?.unused === true)
    ? ExitCode.Ending
    : ExitCode.Done;
}

/** The row as JSON, with the fields of its use only if `--used` was given. */
const factsOf = ({ use, ...row }: TokenRow): object => ({ ...row, ...use });

const heads = ["instance", "token", "role", "generation", "made", "ends"] as const;

export function textOf(rows: readonly TokenRow[]): string {
  if (rows.length === 0) return "No token is declared.\n";
  const used = rows.some(({ use }) => use !== undefined);
  const head = [...heads, ...(used ? ["last used"] : []), ""];
  return `${columns([head, ...rows.map(cellsOf)]).join("\n")}\n`;
}

const cellsOf = (row: TokenRow): readonly string[] => [
  row.instance,
  row.name,
  row.role,
  `${row.generation}`,
  row.created ?? "-",
  row.expires,
  ...(row.use === undefined ? [] : [useOf(row)]),
  [
    row.state === "over" ? "is over" : row.state === "ending" ? "ends soon" : "",
    row.previousValidUntil === undefined
      ? ""
      : `value ${row.generation - 1} works until ${row.previousValidUntil}${row.use?.previousLastUsed === undefined ? "" : ` and was used ${moment(row.use.previousLastUsed)}`}`,
    row.use?.unused === true ? `unused for ${unusedDays} days` : "",
  ]
    .filter((text) => text !== "")
    .join("; "),
];

/** `never` only where its whole life is recorded. */
function useOf({ use, created }: TokenRow): string {
  if (use === undefined) return "";
  const { lastUsed, recordedSince } = use;
  if (lastUsed !== null) return moment(lastUsed);
  return created !== undefined && created >= recordedSince.slice(0, 10)
    ? "never"
    : `not since ${recordedSince.slice(0, 10)}`;
}
