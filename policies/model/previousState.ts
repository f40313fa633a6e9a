import { execFile } from "node:child_process";
import { organization } from "../sdk/organization.ts";
import { isInstanceNamespace, label, marksOf, metadataOf } from "./resources.ts";

/** Annotations of an instance's namespace. */
export type Annotations = Readonly<Record<string, string>>;

/** What the stack's last state says of each instance by its name, or why it is not known. */
export type Previous =
  { readonly instances: ReadonlyMap<string, Annotations> } | { readonly refusal: string };

/**
 * The resource of the stack itself is asked for a verdict before all others: a rule that has it
 * among its types can start to ask early.
 */
export const stackType = "pulumi:pulumi:Stack";

type Run = (stack: string) => Promise<string>;

/** Asks once for the state of the stack to which this URN belongs. */
export type AskPrevious = (urn: string) => Promise<Previous>;

/**
 * The engine gives a policy the new properties only, and of the stack no more than every URN has in
 * it. So the CLI, which runs this process, is asked. It answers without a lock, and without
 * decrypting anything.
 */
export function askPrevious(
  run: Run = exportState,
  organizationOf: () => string | undefined = organization,
): AskPrevious {
  let asked: Promise<Previous> | undefined;
  return (urn) => (asked ??= readPrevious(urn, run, organizationOf()));
}

async function readPrevious(urn: string, run: Run, owner: string | undefined): Promise<Previous> {
  const [stack, project] = urn.replace(/^urn:pulumi:/, "").split("::");
  if (stack === undefined || project === undefined)
    return { refusal: `no stack in the URN ${urn}` };
  try {
    // Without an organization the CLI looks in the project around this folder, for the organization
    // that its user works in.
    const text = await run(owner === undefined ? stack : `${owner}/${project}/${stack}`);
    return { instances: instancesIn(text, `urn:pulumi:${stack}::${project}::`) };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

interface Exported {
  readonly deployment?: {
    readonly resources?:
      | readonly {
          readonly urn: string;
          readonly type: string;
          readonly delete?: boolean;
          readonly inputs?: object;
        }[]
      | null;
  };
}

/** The namespaces' annotations of an exported state; what else is in it is forgotten. */
export function instancesIn(text: string, urnPrefix: string): ReadonlyMap<string, Annotations> {
  let state: Exported;
  try {
    state = JSON.parse(text) as Exported;
  } catch {
    // Its text is not for an error: a state has addresses and names in it.
    throw new Error("the CLI's answer is no JSON");
  }
  if (state.deployment === undefined) throw new Error("the CLI's answer has no deployment in it");
  const instances = new Map<string, Annotations>();
  for (const { urn, type, inputs, delete: replaced } of state.deployment.resources ?? []) {
    if (!urn.startsWith(urnPrefix))
      throw new Error(`the CLI answered with another stack's state (${urn})`);
    const namespace = { type, props: (inputs ?? {}) as Record<string, unknown> };
    if (replaced === true || !isInstanceNamespace(namespace)) continue;
    const name = marksOf(namespace)[label.instance];
    if (name !== undefined) instances.set(name, { ...metadataOf(namespace.props).annotations });
  }
  return instances;
}

const megabyte = 1024 * 1024;

const exportState: Run = (stack) =>
  new Promise((resolve, reject) => {
    execFile(
      "pulumi",
      ["stack", "export", "--stack", stack, "--non-interactive"],
      // The state of a thousand instances is some 100 MB.
      { maxBuffer: 1024 * megabyte, timeout: 120_000, encoding: "utf8" },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(whyNot(error, stderr)));
      },
    );
  });

function whyNot(error: Error & { code?: unknown; killed?: boolean }, stderr: string): string {
  if (error.code === "ENOENT") return "there is no `pulumi` on PATH";
  if (error.killed === true) return "`pulumi stack export` took more than two minutes";
  return stderr.trim().replace(/^error: /, "") || "`pulumi stack export` failed and said nothing";
}

/** The stack's state before this change, asked for once in this process. */
export const previousState: AskPrevious = askPrevious();
