import { renamed } from "./renamed.ts";

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly parent?: string;
}

/** What `pulumi stack export` gives and `pulumi stack import` takes. */
export interface State {
  readonly deployment: { readonly resources?: readonly Resource[] };
}

const stackType = "pulumi:pulumi:Stack";
const nameIn = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);
const withResources = (state: State, resources: readonly Resource[]): State => ({
  ...state,
  deployment: { ...state.deployment, resources },
});

export const emptied = (state: State): State => withResources(state, []);

/** What the cluster keeps of a Secret is in Base64, the name in it, too. */
const renamedWithData = (text: string, from: string, to: string): string =>
  renamed(text, from, to).replaceAll(/[A-Za-z0-9+/]{16,}={0,2}/g, (encoded) => {
    const data = Buffer.from(encoded, "base64").toString();
    const other = renamed(data, from, to);
    return other === data ? encoded : Buffer.from(other).toString("base64");
  });

/**
 * The state of a deployed instance as that of many: its resources again for each name. Engine and
 * plugins treat an unchanged resource by its state alone.
 */
export function multiplied(state: State, seed: string, names: readonly string[]): State {
  const all = state.deployment.resources ?? [];
  const isOwn = ({ urn }: Resource): boolean =>
    nameIn(urn) === seed || nameIn(urn).startsWith(`${seed}-`);
  // Its outputs tell of the one instance; the next update writes them anew.
  const shared = all
    .filter((each) => !isOwn(each))
    .map((each) => (each.type === stackType ? { ...each, outputs: {} } : each));
  const own = JSON.stringify(all.filter(isOwn));
  return withResources(state, [
    ...shared,
    ...names.flatMap((name) => JSON.parse(renamedWithData(own, seed, name)) as Resource[]),
  ]);
}

/** The same resources as the state of a program without components, of another project. */
export function flattened(state: State, project: string, stack: string): State {
  const root: Resource = {
    urn: `urn:pulumi:${stack}::${project}::${stackType}::${project}-${stack}`,
    type: stackType,
    custom: false,
  };
  const flat = (state.deployment.resources ?? [])
    .filter(({ custom }) => custom)
    .map((each) => ({ ...each, parent: root.urn }))
    .map(
      (each) =>
        JSON.parse(
          // `urn:pulumi:<stack>::<project>::<types of the parents>$<type>::<name>`
          JSON.stringify(each).replaceAll(
            /urn:pulumi:[^:"]+::[^:"]+::([^"]*?)::/g,
            (_, types: string) =>
              `urn:pulumi:${stack}::${project}::${types.slice(types.lastIndexOf("$") + 1)}::`,
          ),
        ) as Resource,
    );
  return withResources(state, [root, ...flat]);
}
