const factors: Record<string, number> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of a quantity of Kubernetes such as 512Mi; undefined for what is none. */
export function bytesOf(quantity: string | number): number | undefined {
  const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)([kMGT]?i?)$/.exec(String(quantity)) ?? [];
  const factor = factors[unit ?? "?"];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
