// Text of characters drawn by the system's cryptographic generator, with minimum counts per class.
import { randomInt } from "node:crypto";
import type { Properties } from "../shared/values.ts";

const lower = "abcdefghijklmnopqrstuvwxyz";
const upper = lower.toUpperCase();
const digits = "0123456789";
const defaultSpecial = "!@#$%&*()-_=+[]{}<>:?";

export function randomText(inputs: Properties): string {
  const special =
    typeof inputs["overrideSpecial"] === "string" && inputs["overrideSpecial"] !== ""
      ? inputs["overrideSpecial"]
      : defaultSpecial;
  const classes: [string, string, string][] = [
    ["lower", "minLower", lower],
    ["upper", "minUpper", upper],
    ["numeric", "minNumeric", digits],
    ["special", "minSpecial", special],
  ];
  const on = (key: string): boolean =>
    inputs[key] !== false && !(key === "numeric" && inputs["number"] === false);
  const all = classes.map(([key, , characters]) => (on(key) ? characters : "")).join("");
  const required = classes.flatMap(([, minimum, characters]) =>
    draw(characters, Number(inputs[minimum] ?? 0)),
  );
  const rest = draw(all, Number(inputs["length"]) - required.length);
  return shuffle([...required, ...rest]).join("");
}

/** `randomInt` is uniform: no modulo bias. */
function draw(characters: string, count: number): string[] {
  return Array.from({ length: count }, () => characters[randomInt(characters.length)]!);
}

function shuffle<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}
