/**
 * What two sets of texts do not share, a few lines of it per table: an assertion on whole tables
 * would print thousands.
 */
export function differences(
  got: ReadonlyMap<string, readonly string[]>,
  wanted: ReadonlyMap<string, readonly string[]>,
  limit = 3,
): readonly string[] {
  return [...new Set([...got.keys(), ...wanted.keys()])].flatMap((name) => {
    const have = new Set(got.get(name) ?? []);
    const want = new Set(wanted.get(name) ?? []);
    const extra = [...have].filter((text) => !want.has(text));
    const missing = [...want].filter((text) => !have.has(text));
    const some = (what: string, texts: readonly string[]): string[] => [
      ...texts.slice(0, limit).map((text) => `${name}: ${what} ${text}`),
      ...(texts.length > limit ? [`${name}: ${what} ${texts.length - limit} more`] : []),
    ];
    return [...some("is still there:", extra), ...some("is missing:", missing)];
  });
}
