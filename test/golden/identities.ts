import { parse } from "yaml";

/** Inputs by which providers know a resource: a change of one replaces it, data and all. */
const identifying = [
  "metadata.name",
  "metadata.namespace",
  "spec.selector",
  "bucket",
  "name",
  "path",
  "database",
  "role",
  "objectType",
  "encoding",
  "lcCollate",
  "lcCtype",
  "template",
  "length",
  "special",
];

interface Shown {
  readonly resource: string;
  readonly parent?: string;
  readonly formerly?: readonly string[];
  readonly inputs?: unknown;
  readonly [option: string]: unknown;
}

/**
 * What keeps the resources of an instance the same ones: type, logical name, parent, and the inputs
 * that identify them, from the text of a golden. Under the type and the parent of before, where the
 * engine is told of them.
 */
export function identitiesIn(golden: string): Record<string, object> {
  const { registrations } = parse(golden) as { registrations: Shown[] };
  return Object.fromEntries(
    registrations.map(({ formerly: [former = ""] = [], inputs, ...shown }) => {
      const { provider, protect, retainOnDelete } = shown;
      const [, formerParent] = /^below (.+)$/.exec(former) ?? [];
      const isRenamed = former !== "" && formerParent === undefined;
      return [
        isRenamed ? shown.resource.replace(/^\S+/, former) : shown.resource,
        JSON.parse(
          JSON.stringify({
            parent: formerParent ?? shown.parent,
            provider,
            protect,
            retainOnDelete,
            inputs: Object.fromEntries(
              identifying.flatMap((path) => {
                const value = path
                  .split(".")
                  .reduce<any>((inner, key) => inner?.[key], inputs as object);
                return value === undefined ? [] : [[path, value]];
              }),
            ),
          }),
        ) as object,
      ];
    }),
  );
}
