import { dayAfter } from "../../../program/values/pullRequest.ts";
import { asObject, numberOf, textOf } from "../preview/values.ts";
import { endingDays } from "../../../program/instance/tokenGenerations.ts";

/** Days after which a token that nobody uses is told. */
export const unusedDays = 90;

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
  /** When it was last used; undefined where nobody asked. */
  readonly use?: TokenUse;
}

export interface TokenUse {
  /** To the minute, UTC; null: not since `recordedSince`. */
  readonly lastUsed: string | null;
  /** Of the value before, as long as that is valid. */
  readonly previousLastUsed?: string;
  /** Uses of before are not known. */
  readonly recordedSince: string;
  readonly unused: boolean;
}

/** Last uses by token and generation, as the instance has recorded them. */
export interface RecordedUses {
  readonly since: string;
  readonly byCaller: ReadonlyMap<string, string>;
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

/** The same rows with what an instance knows of their use. */
export const withUses = (
  rows: readonly TokenRow[],
  { since, byCaller }: RecordedUses,
  today: string,
): TokenRow[] =>
  rows.map((row) => {
    const lastUsed = byCaller.get(`${row.name}/${row.generation}`) ?? null;
    const previous =
      row.previousValidUntil === undefined
        ? undefined
        : byCaller.get(`${row.name}/${row.generation - 1}`);
    // A new token, and one of which nothing is known yet, gets its days first.
    const idleSince = lastUsed ?? [since, row.created ?? ""].toSorted().at(-1)!;
    return {
      ...row,
      use: {
        lastUsed,
        ...(previous === undefined ? {} : { previousLastUsed: previous }),
        recordedSince: since,
        unused: dayAfter(idleSince.slice(0, 10), unusedDays) <= today,
      },
    };
  });
