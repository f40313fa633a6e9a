import { expect, test } from "vitest";
import type { ResourceRule, StackRule } from "../../../policies/rule.ts";
import { clean, judge, judgeStack, type Given, type Verdict } from "./support.ts";

interface Facts<Subject> {
  /** What the rule has nothing to say of. */
  readonly passes: Record<string, Subject>;
  /** One violation of the instance `shop`, with its whole message. */
  readonly breaks: Subject;
  readonly message: string;
  /** Partly unknown in a preview: what is put off, and what is said all the same. */
  readonly unknown: readonly {
    readonly given: Subject;
    readonly later: readonly string[];
    readonly violations?: readonly string[];
  }[];
  /** What looks like a violation and is not the rule's matter. */
  readonly ignores: Record<string, Subject>;
  /** Set where a violation belongs to no instance, so that nothing can be excluded. */
  readonly ofNoInstance?: boolean;
  /** Other instances that the violation concerns: it passes only when they are excluded, too. */
  readonly concernsToo?: readonly string[];
}

const later = (path: string) => `Not known in a preview: ${path}. It is checked at \`up\`.`;

function contract<Subject>(
  verdict: (given: Subject, options?: object) => Promise<Verdict>,
  facts: Facts<Subject>,
  blamed = "",
): void {
  for (const [what, given] of Object.entries(facts.passes))
    test(`passes: ${what}`, async () => {
      expect(await verdict(given)).toEqual(clean);
    });

  test("a violation says what to set where", async () => {
    expect(await verdict(facts.breaks)).toEqual({ violations: [facts.message], later: [] });
  });

  test("an exclusion holds until its last day", async () => {
    const exclusion = { reason: "moves in spring with its team", until: "2026-12-31" };
    const config = {
      exclusions: ["shop", ...(facts.concernsToo ?? [])].map((instance) => ({
        instance,
        ...exclusion,
      })),
    };
    const excluded = await verdict(facts.breaks, { config, today: "2026-12-31" });
    if (facts.ofNoInstance === true) return expect(excluded.violations).toEqual([facts.message]);
    expect(excluded).toEqual(clean);
    const other = { exclusions: [{ instance: "search", ...exclusion }] };
    expect((await verdict(facts.breaks, { config: other })).violations).toEqual([facts.message]);
    const { violations } = await verdict(facts.breaks, { config, today: "2027-01-01" });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(
      / Its exclusion ended on 2026-12-31 \("moves in spring with its team"\)\.$/,
    );
  });

  for (const [index, { given, later: paths, violations = [] }] of facts.unknown.entries())
    test(`what a preview can't know is checked at up (${index + 1})`, async () => {
      expect(await verdict(given)).toEqual({
        violations,
        later: paths.length === 0 ? [] : [blamed + later(paths.join(", "))],
      });
    });

  for (const [what, given] of Object.entries(facts.ignores))
    test(`does not judge ${what}`, async () => {
      expect(await verdict(given)).toEqual(clean);
    });
}

/** Tests of what every rule on one resource keeps. */
export const resourceContract = (rule: ResourceRule<any>, facts: Facts<Given>): void =>
  contract((given, options) => judge(rule, given, options), facts);

/** The same for a rule on a stack; its messages begin with the resource that is blamed. */
export const stackContract = (rule: StackRule<any>, facts: Facts<readonly Given[]>): void =>
  contract((given, options) => judgeStack(rule, given, options), facts, "stack: ");
