import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/**
 * A resource as a program declared it, in the engine's own form: secrets and what is not known yet
 * are marked in the inputs.
 */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Logical name of its provider; a provider has none. */
  readonly provider: string | undefined;
  /** Logical names of the resources on which each input depends. */
  readonly inputDependencies: Readonly<Record<string, readonly string[]>>;
  /** Logical names of those that come before it besides. */
  readonly after: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

interface Request {
  readonly type: string;
  readonly name: string;
  readonly custom?: boolean;
  readonly object?: Record<string, unknown>;
  readonly provider?: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, { readonly urns?: readonly string[] }>>;
}

/**
 * What a program says of a resource besides its inputs; aliases and secret outputs are the SDK's
 * own, and a flat program has them from there.
 */
const options = [
  "protect",
  "retainOnDelete",
  "replaceOnChanges",
  "customTimeouts",
  "ignoreChanges",
  "deleteBeforeReplace",
];

const nameIn = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);
/** `<urn>::<id>` */
const providerIn = (reference: string): string =>
  nameIn(reference.slice(0, reference.lastIndexOf("::")));

/**
 * The resources of a program's run, read from the engine's log of calls (PULUMI_DEBUG_GRPC),
 * without the components, in an order in which each finds those it needs.
 */
export async function readRecording(log: string): Promise<Declared[]> {
  const requests: Request[] = [];
  for await (const line of createInterface({ input: createReadStream(log) })) {
    const { method, request, response } = JSON.parse(line) as {
      method: string;
      request: Request;
      response?: unknown;
    };
    if (method.endsWith("/RegisterResource") && response !== undefined && request.custom === true)
      requests.push(request);
  }
  const declared = requests.map((request): Declared => {
    const inputDependencies = Object.fromEntries(
      Object.entries(request.propertyDependencies ?? {}).map(([input, { urns = [] }]) => [
        input,
        urns.map(nameIn),
      ]),
    );
    const ofInputs = new Set(Object.values(inputDependencies).flat());
    return {
      type: request.type,
      name: request.name,
      inputs: request.object ?? {},
      provider:
        request.provider === undefined || request.provider === ""
          ? undefined
          : providerIn(request.provider),
      inputDependencies,
      after: (request.dependencies ?? []).map(nameIn).filter((name) => !ofInputs.has(name)),
      options: Object.fromEntries(
        Object.entries(request).filter(
          ([key, value]) => options.includes(key) && JSON.stringify(value) !== "{}",
        ),
      ),
    };
  });
  return inOrder(declared);
}

function inOrder(all: readonly Declared[]): Declared[] {
  const byName = new Map(all.map((each) => [each.name, each]));
  if (byName.size !== all.length)
    throw new Error("two resources of the recording have one logical name");
  const done = new Set<Declared>();
  const add = (each: Declared): void => {
    if (done.has(each)) return;
    for (const name of [
      each.provider ?? [],
      ...Object.values(each.inputDependencies),
      each.after,
    ].flat()) {
      const needed = byName.get(name);
      if (needed === undefined)
        throw new Error(`${each.name} needs ${name}, which is not in the recording`);
      add(needed);
    }
    done.add(each);
  };
  all.forEach(add);
  return [...done];
}
