import { dayAfter } from "../../../program/values/pullRequest.ts";
import { asObject, numberOf, textOf } from "../preview/values.ts";
import { endingDays } from "../../../program/instance/tokenGenerations.ts";

export type TokenState = "valid" | "ending" | "over";

/** A declared token as a list shows it; never its value. */
export interface TokenRow {
  readonly instance: string;
  readonly name: string;
  readonly role: string;
  readonly generation: number;
  /** Day on which its value was made; undefined for values of before 2026-12. */
  readonly created: string | undefined;
  /** Its last day. */
  readonly expires: string;
  /** Last day of the value before, as long as that is valid. */
  readonly previousValidUntil: string | undefined;
  readonly state: TokenState;
}

/** Every token in a stack's outputs, what ends first at the top. */
export function rowsIn(outputs: Readonly<Record<string, unknown>>, today: string): TokenRow[] {
  return Object.entries(asObject(outputs["instances"]))
    .flatMap(([instance, value]) =>
      Object.entries(asObject(asObject(value)["tokens"])).map(([name, token]) =>
        rowOf(instance, name, asObject(token), today),
      ),
    )
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const keyOf = ({ expires, instance, name }: TokenRow): string => `${expires} ${instance} ${name}`;

function rowOf(
  instance: string,
  name: string,
  token: Record<string, unknown>,
  today: string,
): TokenRow {
  const { role, generation, created, expires, previousValidUntil: until } = token;
  const day = textOf(expires) ?? "";
  const previous = textOf(until) ?? "";
  return {
    instance,
    name,
    role: textOf(role) ?? "",
    // Outputs of before 2026-12 have the first value of every token.
    generation: numberOf(generation) ?? 1,
    created: textOf(created) || undefined,
    expires: day,
    previousValidUntil: previous !== "" && previous >= today ? previous : undefined,
    state: day < today ? "over" : day <= dayAfter(today, endingDays) ? "ending" : "valid",
  };
}
