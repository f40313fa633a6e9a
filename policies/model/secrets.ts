type Props = Record<string, any>;

/** A key of a Secret with its text. The text is for judging only: no message may hold any of it. */
export interface SecretEntry {
  readonly path: string;
  readonly key: string;
  text(): string;
}

/** What a Secret holds, whether it was given in plain or encoded. */
export function secretEntries(props: Props): SecretEntry[] {
  const entries = (field: string, decode: (value: string) => string) =>
    Object.keys((props[field] ?? {}) as Props).map((key) => ({
      path: `${field}.${key}`,
      key,
      text: () => decode(props[field][key] as string),
    }));
  return [
    ...entries("stringData", (value) => value),
    ...entries("data", (value) => Buffer.from(value, "base64").toString("utf8")),
  ];
}
