/** A property of a JSON Schema as far as the reference shows it. */
interface Property {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Property>>;
  readonly additionalProperties?: Property | boolean;
  readonly items?: Property;
  readonly required?: readonly string[];
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function valueOf({ enum: choices, type = "", items, properties }: Property): string {
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(", ");
  if (properties !== undefined) return "fields below";
  return items === undefined ? type : `list of ${items.type ?? "values"}`;
}

function rows(schema: Property, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const own = `${path}${key}`;
    const named = property.additionalProperties;
    const below = typeof named === "object" ? rows(named, `${own}.<name>.`) : [];
    const needed = schema.required?.includes(key) === true ? "**required** " : "";
    const value = below.length > 0 ? "fields below, by name" : valueOf(property);
    return [
      `| \`${own}\` | ${cell(value)} | ${needed}${cell(property.description ?? "")} |`,
      ...rows(property, `${own}.`),
      ...below,
    ];
  });
}

/** The page docs/instance-file.md, from the schema of an instance file. */
export const instanceReference = (schema: Property): string =>
  `${[
    "# The instance file",
    "",
    "Every setting of `stacks/instances/<stack>/<instance>.yaml`. Only three are required. The file's name is the instance's name and cannot be changed later.",
    "`npx mlflow-instances new-instance` writes a file; [previews](previews.md) show what a change does. An environment may set other defaults and narrower bounds: [environments](environments.md).",
    "",
    "<!-- Written by `npm run schema` from the schema that checks the files. -->",
    "",
    "| setting | value | meaning |",
    "| --- | --- | --- |",
    ...rows(schema, ""),
  ].join("\n")}\n`;
