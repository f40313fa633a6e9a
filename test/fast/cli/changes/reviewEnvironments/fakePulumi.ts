import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Workplace } from "../../../../../cli/changes/reviewEnvironments/backend.ts";

/** A stack in the fake backend. */
export interface FakeStack {
  readonly lastUpdate?: string;
  /** The answer to `stack export`; a text is printed as an error instead. */
  readonly state: object | string;
  /** What `destroy` prints before it fails. */
  readonly destroyFails?: string;
  /** How often a command that needs the lock is refused with this text before it works. */
  readonly locked?: { readonly text: string; readonly times: number };
}

// Keeps stacks in one file and writes down each call; what it does not know ends with 99, so that
// no test passes by a command that nobody expected.
const program = `
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
const [folder, ...all] = process.argv.slice(2);
const args = all.filter((arg) => !["--non-interactive", "--yes", "--skip-preview", "--suppress-outputs"].includes(arg));
const data = JSON.parse(readFileSync(folder + "/stacks.json", "utf8"));
const save = () => writeFileSync(folder + "/stacks.json", JSON.stringify(data));
const option = (name) => { const at = args.indexOf(name); return at < 0 ? undefined : args.splice(at, 2)[1]; };
const log = option("--event-log"); option("--color"); option("--message");
appendFileSync(folder + "/calls.jsonl", JSON.stringify(args) + "\\n");
const stack = option("--stack");
const fail = (text) => { process.stderr.write("error: " + text + "\\n"); process.exit(255); };
const command = args.filter((arg) => !arg.startsWith("-")).slice(0, 2).join(" ");
const one = data[stack];
if (stack !== undefined && one === undefined) fail("no stack named '" + stack + "' found");
const lock = () => { if (one.locked && one.locked.times > 0) { one.locked.times -= 1; save(); fail(one.locked.text); } };
switch (command) {
  case "stack ls":
    process.stdout.write(JSON.stringify(Object.entries(data).map(([name, { lastUpdate }]) => ({ name, lastUpdate }))));
    break;
  case "stack export":
    if (typeof one.state === "string") fail(one.state);
    process.stdout.write(JSON.stringify(one.state));
    break;
  case "stack import":
    one.state = JSON.parse(readFileSync(0, "utf8")); save();
    break;
  case "stack init":
    data[args[2]] = { state: {} }; save();
    break;
  case "stack rm":
    delete data[stack]; save(); rmSync("stacks/Pulumi." + stack + ".yaml", { force: true });
    break;
  case "config cp": {
    const to = option("--dest");
    const [from, header] = ["stacks/Pulumi." + stack + ".yaml", "stacks/Pulumi." + to + ".yaml"].map((file) => readFileSync(file, "utf8"));
    writeFileSync("stacks/Pulumi." + to + ".yaml", header + from.slice(from.indexOf("config:")));
    break;
  }
  case "cancel": break;
  case "refresh": case "destroy": case "up":
    lock();
    writeFileSync(log, JSON.stringify({ preludeEvent: { config: {} } }) + "\\n");
    if (command === "destroy") { if (one.destroyFails) fail(one.destroyFails); one.state = {}; save(); }
    break;
  default: process.stderr.write("unexpected: " + JSON.stringify(all)); process.exit(99);
}
`;

/** A project folder and a CLI whose backend has these stacks. */
export function fakePulumi(stacks: Record<string, FakeStack>, files: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "preview-environments-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries({ "root/stacks/.keep": "", ...files }))
    write(path, text);
  write("stacks.json", JSON.stringify(stacks));
  write("calls.jsonl", "");
  write("fake.mjs", program);
  write(
    "bin/pulumi",
    `#!/bin/sh\nexec '${process.execPath}' '${join(folder, "fake.mjs")}' '${folder}' "$@"\n`,
  );
  chmodSync(join(folder, "bin/pulumi"), 0o755);
  const notes: string[] = [];
  const workplace: Workplace = {
    root: join(folder, "root"),
    env: { PATH: [join(folder, "bin"), process.env["PATH"] ?? ""].join(delimiter) },
    note: (line) => void notes.push(line),
  };
  return {
    workplace,
    notes,
    root: workplace.root,
    /** The calls, each as one line, without options that say only how to print. */
    calls: (): string[] =>
      readFileSync(join(folder, "calls.jsonl"), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => (JSON.parse(line) as string[]).join(" ")),
    stacks: (): string[] =>
      Object.keys(JSON.parse(readFileSync(join(folder, "stacks.json"), "utf8")) as object),
  };
}

/** A state as the engine exports it. */
export function stateOf(
  stack: string,
  {
    outputs,
    resources = [],
    pending = [],
    secretsProvider = { type: "passphrase", state: { salt: "v1:salt" } },
  }: {
    outputs?: object;
    resources?: readonly { type: string; name: string; inputs?: object }[];
    pending?: readonly unknown[];
    secretsProvider?: object;
  },
): object {
  const urn = (type: string, name: string) =>
    `urn:pulumi:${stack}::mlflow-instances::${type}::${name}`;
  return {
    version: 3,
    deployment: {
      secrets_providers: secretsProvider,
      resources: [
        {
          urn: urn("pulumi:pulumi:Stack", `mlflow-instances-${stack}`),
          type: "pulumi:pulumi:Stack",
          ...(outputs === undefined ? {} : { outputs }),
        },
        ...resources.map(({ type, name, inputs = {} }) => ({ urn: urn(type, name), type, inputs })),
      ],
      ...(pending.length === 0 ? {} : { pending_operations: pending }),
    },
  };
}
