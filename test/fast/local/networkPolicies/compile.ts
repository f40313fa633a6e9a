import { render } from "../../../../local/networkPolicies/render.ts";
import { compileRules } from "../../../../local/networkPolicies/rules.ts";

/** The policies as an nftables transaction that replaces the whole table. */
export const compile = (...given: Parameters<typeof compileRules>): string =>
  render(compileRules(...given));
