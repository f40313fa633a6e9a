import { openBackend } from "./reviewEnvironments/backend.ts";
import { endingDays } from "../../program/instance/tokenGenerations.ts";
import { nearestFirst } from "../../program/values/nearest.ts";
import { columns } from "../columns.ts";
import type { Context, Define } from "../context.ts";
import { ExitCode } from "../exitCode.ts";
import { jsonOption, writeResult } from "../jsonOutput.ts";
import { Refusal } from "../refusal.ts";
import { refuseUnknownStack } from "../unknownStack.ts";
import { asObject } from "./preview/values.ts";
import { rowsIn, type TokenRow } from "./tokens/rows.ts";

interface Options {
  readonly check: boolean;
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
    .addOption(jsonOption())
    .action((stack: string, instance: string | undefined, options: Options) =>
      end(() => tokens(context, stack, instance, options)),
    );
};

async function tokens(
  context: Context,
  stack: string,
  instance: string | undefined,
  { check, json }: Options,
): Promise<ExitCode> {
  const { root, signal, note, today } = context;
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
  const rows = rowsIn(outputs, today).filter(
    (row) => instance === undefined || row.instance === instance,
  );
  await writeResult(context, json, { text: textOf(rows), facts: rows });
  return check && rows.some(({ state }) => state !== "valid") ? ExitCode.Ending : ExitCode.Done;
}

const heads = ["instance", "token", "role", "generation", "made", "ends", ""] as const;

export const textOf = (rows: readonly TokenRow[]): string =>
  rows.length === 0
    ? "No token is declared.\n"
    : `${columns([heads, ...rows.map(cellsOf)]).join("\n")}\n`;

const cellsOf = (row: TokenRow): readonly string[] => [
  row.instance,
  row.name,
  row.role,
  `${row.generation}`,
  row.created ?? "-",
  row.expires,
  [
    row.state === "over" ? "is over" : row.state === "ending" ? "ends soon" : "",
    row.previousValidUntil === undefined
      ? ""
      : `value ${row.generation - 1} works until ${row.previousValidUntil}`,
  ]
    .filter((text) => text !== "")
    .join("; "),
];
