import { z } from "zod";
import { isReviewEnvironment, type Place } from "./model/resources.ts";

/** Stands for every environment of a pull request. */
const previews = "pr-*";

/**
 * A value that may differ by environment and tier: the environment's comes first (`pr-*` is every
 * review environment), then the tier's.
 */
export const bounds = <Value extends z.ZodType>(
  value: Value,
  fallback: z.output<Value>,
  more: { tiers?: object; environments?: object } = {},
) =>
  z
    .strictObject({
      default: value.default(fallback as never),
      tiers: z
        .partialRecord(z.enum(["sandbox", "standard", "production"]), value)
        .default((more.tiers ?? {}) as never),
      environments: z.record(z.string(), value).default((more.environments ?? {}) as never),
    })
    .prefault({} as never);

export interface Bounds<T> {
  readonly default: T;
  readonly tiers: Partial<Record<string, T>>;
  readonly environments: Record<string, T>;
}

export const boundFor = <T>(bound: Bounds<T>, { tier, environment }: Place): T =>
  bound.environments[environment ?? ""] ??
  (isReviewEnvironment(environment) ? bound.environments[previews] : undefined) ??
  bound.tiers[tier ?? ""] ??
  bound.default;

const date = z.iso.date({ error: "is not a date such as 2027-01-31" });

/** An instance that a rule lets pass for a while. */
const exclusion = z.strictObject({
  instance: z.string().min(1).describe("Name of the instance."),
  reason: z
    .string({ error: "is missing; say why the rule does not hold for this instance" })
    .min(10, { error: "is too short; say why the rule does not hold for this instance" })
    .describe("Why the rule does not hold for it; shown in previews."),
  until: date.describe(
    "Last day (UTC) of the exclusion; from the next one on the rule holds again.",
  ),
});

export type Exclusion = z.output<typeof exclusion>;

/** The configuration of one rule: its own settings, and the exclusions that every rule knows. */
export const configurationOf = (settings: z.ZodObject = z.object({})) =>
  z.strictObject({
    ...settings.shape,
    exclusions: z
      .array(exclusion)
      .default([])
      .describe(
        "Instances for which the rule does not hold for a while, each with a reason and an end.",
      ),
  });

export type Configuration = { exclusions: Exclusion[] } & Record<string, unknown>;

/**
 * Reads a rule's configuration: what it says, or everything that is wrong in it, one line each with
 * its path.
 */
export function readConfiguration(
  rule: string,
  settings: z.ZodObject | undefined,
  given: unknown,
):
  | { configuration: Configuration; problems: [] }
  | { configuration?: undefined; problems: string[] } {
  const parsed = configurationOf(settings).safeParse(given);
  if (parsed.success) return { configuration: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(({ path, message }) => {
    const way = path
      .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
      .join("");
    return `${rule}${way}: ${message}`;
  });
  return { problems };
}
