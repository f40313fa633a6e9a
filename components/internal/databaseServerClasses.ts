// Memory by instance class, in GiB: "Hardware specifications for DB instance classes" of the Amazon
// RDS user guide, read in November 2026. Within a family the memory doubles with the size; the
// families below are those that RDS offers for PostgreSQL 14 and later.

/** Memory of a `large` of these families. */
const memoryOfLarge: Record<string, number> = {
  ...ofFamilies(8, ["m5", "m5d", "m6g", "m6gd", "m6i", "m6id", "m7g", "m7i", "m8g"]),
  ...ofFamilies(16, ["r5", "r5b", "r5d", "r6g", "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g"]),
};

/** Size in units of `large`. */
const sizes: Record<string, number> = {
  large: 1,
  ...Object.fromEntries(
    [1, 2, 4, 8, 12, 16, 24, 32, 48].map((factor) => [
      factor === 1 ? "xlarge" : `${factor}xlarge`,
      2 * factor,
    ]),
  ),
};

/** Classes that earn their CPU by credits; both families have the same memory. */
const memoryOfBurstable: Record<string, number> = {
  micro: 1,
  small: 2,
  medium: 4,
  large: 8,
  xlarge: 16,
  "2xlarge": 32,
};

function ofFamilies(memory: number, families: string[]): Record<string, number> {
  return Object.fromEntries(families.map((family) => [family, memory]));
}

export function isInstanceClass(text: string): boolean {
  return /^db\.[a-z0-9-]+\.[a-z0-9-]+$/.test(text);
}

/** Memory of a class in GiB; undefined when the table does not have it. */
export function memoryOfClass(instanceClass: string): number | undefined {
  const [, family = "", size = ""] = instanceClass.split(".");
  if (family === "t3" || family === "t4g") return memoryOfBurstable[size];
  const [large, factor] = [memoryOfLarge[family], sizes[size]];
  return large === undefined || factor === undefined ? undefined : large * factor;
}

/**
 * What RDS sets max_connections to by itself, LEAST(DBInstanceClassMemory/9531392, 5000): above it,
 * connections that are all busy take the memory that the server's caches need. RDS counts without
 * what its own processes take, so the real number is a little lower. Undefined for a class that is
 * not in the table.
 */
export function mostConnectionsOf(instanceClass: string): number | undefined {
  const memory = memoryOfClass(instanceClass);
  return memory === undefined
    ? undefined
    : Math.min(Math.floor((memory * 2 ** 30) / 9_531_392), 5000);
}
