import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formerTypes, types } from "@mlflow-instances/components/internal";
import { parse } from "yaml";

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
  readonly [key: string]: unknown;
}

export interface State {
  readonly deployment: { readonly resources: readonly Resource[] };
}

const golden = join(import.meta.dirname, "..", "..", "golden", "local", "fraud-detector.yaml");
const shownInstance = "fraud-detector";
const nameIn = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** The part of an instance that each of its resources was below, by the end of its name. */
function partsByNoun(): (noun: string) => string {
  const { registrations } = parse(readFileSync(golden, "utf8")) as {
    registrations: { resource: string; formerly?: string[] }[];
  };
  const parts = new Map(
    registrations.map(({ resource, formerly: [former = ""] = [] }) => [
      resource.slice(resource.indexOf(shownInstance) + shownInstance.length),
      /^below (\w+) /.exec(former)?.[1],
    ]),
  );
  return (noun) => {
    // Tokens are named by each instance's file.
    const part = parts.get(noun) ?? (/^-token-.+-g1$/.test(noun) ? "AccessTokens" : undefined);
    if (part === undefined) throw new Error(`nothing says below which part ${noun} was`);
    return part;
  };
}

/**
 * A stack's state as the components of before 2026-12 wrote it: other types, and the parts of an
 * instance as components of their own. That it is what they wrote is held by
 * test/golden/deployed.test.ts, whose recording has the same types and parents.
 */
export function asBefore(state: State): State {
  const partOf = partsByNoun();
  const { resources } = state.deployment;
  const former = new Map<string, Pick<Resource, "urn" | "type" | "parent">>();
  const parts = new Map<string, Resource[]>();
  for (const instance of resources.filter(({ type }) => type === types.instance)) {
    const instanceUrn = instance.urn.replace(types.instance, formerTypes.instance);
    former.set(instance.urn, {
      urn: instanceUrn,
      type: formerTypes.instance,
      ...(instance.parent === undefined ? {} : { parent: instance.parent }),
    });
    const children = resources.filter(({ parent }) => parent === instance.urn);
    const below = (child: Resource) => {
      const part = partOf(nameIn(child.urn).slice(nameIn(instance.urn).length));
      return `${formerTypes.instance}$components:index:${part}`;
    };
    for (const child of children)
      former.set(child.urn, {
        urn: child.urn.replace(types.instance, below(child)),
        type: child.type,
        parent: instanceUrn.replace(formerTypes.instance, below(child)),
      });
    parts.set(
      instance.urn,
      [...new Set(children.map(below))].map((chain) => ({
        urn: instanceUrn.replace(formerTypes.instance, chain),
        type: chain.slice(chain.indexOf("$") + 1),
        custom: false,
        parent: instanceUrn,
      })),
    );
  }
  // The longest first: a URN may be the beginning of another.
  const urns = [...former].sort(([a], [b]) => b.length - a.length);
  const rewritten = (resource: Resource): Resource => {
    const text = urns.reduce(
      (json, [now, { urn }]) => json.replaceAll(now, urn),
      JSON.stringify(resource),
    );
    return { ...(JSON.parse(text) as Resource), ...former.get(resource.urn) };
  };
  return {
    ...state,
    deployment: {
      ...state.deployment,
      resources: resources.flatMap((each) => [rewritten(each), ...(parts.get(each.urn) ?? [])]),
    },
  };
}
