import { isolation } from "./isolation/index.ts";
import { naming } from "./naming/index.ts";
import { reliability } from "./reliability/index.ts";
import { retention } from "./retention/index.ts";
import { security } from "./security/index.ts";
import type { Rule } from "./rule.ts";

/** Every rule, in the order of the packs. */
export const rules: readonly Rule[] = [
  ...naming,
  ...retention,
  ...security,
  ...reliability,
  ...isolation,
];
