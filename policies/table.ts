import { z } from "zod";
import { isResourceRule, levelOf, packs, urlOf, type Rule } from "./rule.ts";

/** A setting of a rule, for readers. */
export interface SettingRow {
  readonly name: string;
  readonly meaning: string;
  /** Its value without configuration, and those that differ by tier or environment. */
  readonly value: string;
  /** What it may be set to. */
  readonly allowed: string;
}

/** A rule, for readers. */
export interface RuleRow {
  readonly pack: string;
  readonly name: string;
  readonly severity: string;
  readonly level: string;
  readonly demand: string;
  readonly reason: string;
  readonly steps: string;
  /** Where it is explained. */
  readonly url: string;
  readonly settings: readonly SettingRow[];
  /** Whether it can judge instances that a preview sees for the first time. */
  readonly firstPreview: "yes" | "at up";
  readonly remedy: boolean;
}

/**
 * Rules about addresses and keys in Secrets: no password is known before it is made. A test holds
 * the list against a real preview.
 */
export const knownAtUp: ReadonlySet<string> = new Set([
  "backend-is-no-sqlite",
  "database-connection-uses-tls",
  "instance-shares-no-database",
  "instance-shares-no-key",
]);

/** An object is a setting by environment that sets nothing by itself. */
const show = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(show).join(", ");
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? `${value}`
    : "none";
};

const isBounds = (
  value: unknown,
): value is { default: unknown; tiers: object; environments: object } =>
  typeof value === "object" &&
  value !== null &&
  "default" in value &&
  "tiers" in value &&
  "environments" in value;

function valueOf(value: unknown): string {
  if (!isBounds(value)) return show(value);
  const others = [...Object.entries(value.environments), ...Object.entries(value.tiers)].map(
    ([where, other]) => `${where}: ${show(other)}`,
  );
  return [show(value.default), ...others].join("; ");
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: Schema | false;
}

const kinds: Record<string, string> = {
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  string: "a text",
};

function allowedBy(schema: Schema): string {
  const perPlace = schema.properties?.["tiers"] && schema.properties["default"];
  if (perPlace) return `by tier and environment, ${allowedBy(perPlace)}`;
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  if (schema.type === "array")
    return `a list of ${schema.items?.enum ? schema.items.enum.join(", ") : "texts"}`;
  if (schema.type === "object")
    return `by environment, ${allowedBy(schema.additionalProperties || {})}`;
  const range =
    schema.minimum !== undefined && (schema.maximum ?? Infinity) < Number.MAX_SAFE_INTEGER;
  return `${kinds[schema.type ?? ""] ?? "a value"}${range ? ` from ${schema.minimum} to ${schema.maximum}` : ""}`;
}

function settingsOf({ settings }: Rule): SettingRow[] {
  if (settings === undefined) return [];
  const schemas = z.toJSONSchema(settings, { io: "input" }).properties as Record<string, Schema>;
  const values = settings.parse({}) as Record<string, unknown>;
  return Object.keys(settings.shape).map((name) => ({
    name,
    meaning: (settings.shape[name] as z.ZodType).description ?? "",
    value: valueOf(values[name]),
    allowed: allowedBy(schemas[name] ?? {}),
  }));
}

/** The table of rules: by pack, and by name within it. */
export const tableOf = (rules: readonly Rule[]): RuleRow[] =>
  rules
    .map((rule): RuleRow => ({
      pack: `mlflow-${rule.pack}`,
      name: rule.name,
      severity: rule.severity ?? "",
      level: levelOf(rule),
      demand: rule.demand,
      reason: rule.reason,
      steps: rule.steps,
      url: urlOf(rule),
      settings: settingsOf(rule),
      firstPreview: knownAtUp.has(rule.name) ? "at up" : "yes",
      remedy: isResourceRule(rule) && rule.remedy !== undefined,
    }))
    .sort((a, b) => packOrder(a) - packOrder(b) || (a.name < b.name ? -1 : 1));

const packOrder = ({ pack }: RuleRow): number =>
  packs.findIndex((name) => pack === `mlflow-${name}`);

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

/** The table in Markdown, one heading per pack. */
export function markdownOf(rows: readonly RuleRow[]): string {
  const of = (pack: string) => {
    const own = rows.filter((row) => row.pack === pack);
    const lines = own.map(
      ({ name, severity, level, demand, reason, steps, settings, firstPreview, remedy }) =>
        // The anchor is what the rule's URL leads to.
        `| <a id="${name}"></a>\`${name}\` | ${severity}, ${level} | ${cell(demand)} ${cell(reason)} | ${cell(steps)} | ${
          settings.map((setting) => cell(`\`${setting.name}\`: ${setting.value}`)).join("<br>") ||
          "–"
        } | ${firstPreview === "yes" ? "yes" : "at `up`"} | ${remedy ? "yes" : "–"} |`,
    );
    const details = own.flatMap(({ name, settings }) =>
      settings.map(
        (setting) => `- \`${name}.${setting.name}\`: ${setting.meaning} (${setting.allowed})`,
      ),
    );
    return [
      `### ${pack} (${own.length})`,
      "",
      "| Rule | Severity, level | What must be so, and why | How to comply | Settings without configuration | Judged in a first preview | Remedy |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      ...lines,
      ...(details.length === 0 ? [] : ["", ...details]),
      "",
    ].join("\n");
  };
  return [...new Set(rows.map(({ pack }) => pack))].map(of).join("\n");
}

/** The table for a terminal: one paragraph per rule. */
export const textOf = (rows: readonly RuleRow[]): string =>
  rows
    .map(({ pack, name, severity, level, demand, reason, steps, settings, firstPreview, remedy }) =>
      [
        `${name}  (${pack}, ${severity}, ${level}${firstPreview === "yes" ? "" : ", new instances are judged at up"}${remedy ? ", has a remedy" : ""})`,
        `  ${demand}`,
        `  ${reason}`,
        `  To comply: ${steps}`,
        ...settings.map(
          (setting) =>
            `  ${setting.name}: ${setting.value}  (${setting.allowed}) ${setting.meaning}`,
        ),
      ].join("\n"),
    )
    .join("\n\n");
