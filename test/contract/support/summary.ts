import { stringify } from "yaml";
import { shortName, typeName, type PackageSchema, type Property } from "./packageSchema.ts";

/**
 * The public surface of the component package as a review reads it: one line for each argument,
 * output and enum, nothing that only documents.
 */
export function summary(schema: PackageSchema): string {
  const properties = (
    all: Readonly<Record<string, Property>> = {},
    required: readonly string[] = [],
  ) =>
    Object.fromEntries(
      Object.entries(all)
        .sort(([a], [b]) => a.localeCompare(b, "en"))
        .map(([name, property]) => [
          name,
          [
            typeOf(property),
            ...(required.includes(name) ? ["required"] : []),
            ...(property.plain ? [] : ["may be an output"]),
          ].join(", "),
        ]),
    );
  const outputs = (all: Readonly<Record<string, Property>>) =>
    Object.fromEntries(Object.entries(all).map(([name, property]) => [name, typeOf(property)]));
  const types = Object.entries(schema.types).sort(([a], [b]) => a.localeCompare(b, "en"));
  const surface = {
    package: [schema.namespace, schema.name].filter((part) => part !== undefined).join("/"),
    resources: Object.fromEntries(
      Object.entries(schema.resources).map(
        ([token, { inputProperties, requiredInputs, properties: made }]) => [
          token,
          { arguments: properties(inputProperties, requiredInputs), outputs: outputs(made) },
        ],
      ),
    ),
    types: Object.fromEntries(
      types.flatMap(([token, type]) =>
        type.enum === undefined
          ? [[shortName(token), properties(type.properties, type.required)]]
          : [],
      ),
    ),
    enums: Object.fromEntries(
      types.flatMap(([token, type]) =>
        type.enum === undefined
          ? []
          : [
              [
                shortName(token),
                Object.fromEntries(type.enum.map(({ name, value }) => [name, value])),
              ],
            ],
      ),
    ),
  };
  return header + stringify(surface, { lineWidth: 0 });
}

const header =
  "# What programs in every language see of the component package. A line that changes or goes breaks somebody's program: say so in the CHANGELOG.\n" +
  "# Written by `npm run contract` and by nothing else.\n";

function typeOf(property: Property): string {
  const name = typeName(property);
  if (name !== undefined) return shortName(name);
  if (property.type === "array") return `${typeOf(property.items ?? {})}[]`;
  if (property.type === "object") return `map of ${typeOf(property.additionalProperties ?? {})}`;
  return property.type ?? "any";
}
