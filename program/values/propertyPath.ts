type Path = readonly (string | number)[];

/** `tokens[0].expires` in parts; an index is a number. */
export const inParts = (path: string): (string | number)[] =>
  path === ""
    ? []
    : path
        .replaceAll(/\[(\d+)\]/g, ".$1")
        .split(".")
        .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** The value at a path; undefined where there is none. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
