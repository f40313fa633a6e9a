import type { Apply } from "./rawEdits/change.ts";
import { isolation } from "./rawEdits/isolation.ts";
import { naming } from "./rawEdits/naming.ts";
import { reliability } from "./rawEdits/reliability.ts";
import { retention } from "./rawEdits/retention.ts";
import { security } from "./rawEdits/security.ts";

/** One change to a compliant stack, and the only rule that it breaks. */
export interface Edit {
  readonly rule: string;
  readonly what: string;
  readonly apply: Apply;
}

const edits = { ...naming, ...retention, ...security, ...reliability, ...isolation };

/** Single edits, at least one for every rule. */
export const allEdits: readonly Edit[] = Object.entries(edits).flatMap(([rule, list]) =>
  Object.entries(list).map(([what, apply]) => ({ rule, what, apply })),
);
