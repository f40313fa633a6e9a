import { TokenRole, tokenNamePattern } from "@mlflow-instances/components/internal";
import { z } from "zod";
import type { Environment } from "../environment/environment.ts";
import { matchProblems } from "../environment/identity.ts";
import { strict, type Problem } from "../values/problems.ts";
import { show } from "../values/wrongValue.ts";

const workloadSchema = strict({
  issuer: z
    .string()
    .describe("Name of one of the environment's identity.issuers, such as gitlab or kubernetes."),
  role: z
    .enum(Object.values(TokenRole))
    .describe("What it may do, as of a token; the policy token-has-allowed-role bounds it."),
  match: z
    .record(
      z.string(),
      z.string({
        error: ({ input }) =>
          `is ${show(input)}; claims are compared as texts, write it in quotation marks`,
      }),
    )
    .describe(
      "Claims that its token must have, each with its value. For the issuer kubernetes: namespace and serviceAccount.",
    ),
});

/** The workloads of an instance file, by name. */
export const workloadsSchema = z.record(z.string().regex(tokenNamePattern), workloadSchema, {
  error: (issue) =>
    issue.code === "invalid_key"
      ? "a workload's name is 2 to 40 lower-case letters, digits and hyphens, beginning with a letter"
      : undefined,
});

export type Workloads = z.output<typeof workloadsSchema>;

/** Sorted, so that the result does not depend on the order of lines in the file. */
export const workloadArgs = (workloads: Workloads | undefined) =>
  workloads &&
  Object.entries(workloads)
    .map(([name, workload]) => ({ name, ...workload, match: { ...workload.match } }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));

/** Workloads that exceed the environment's bounds. The component reports all other errors. */
export function workloadProblems(
  { identity }: Environment,
  workloads: Workloads | undefined,
): Problem[] {
  return Object.entries(workloads ?? {}).flatMap(([name, { issuer, match }]) => {
    const declared = identity?.issuers[issuer];
    // The component reports an unknown issuer and an empty match.
    if (declared === undefined || Object.keys(match).length === 0) return [];
    return matchProblems(match, declared).map(({ claim, problem }) => ({
      path: ["workloads", name, "match", ...(claim in match ? [claim] : [])],
      message:
        claim in match
          ? `is ${show(match[claim])}; ${problem} for the issuer ${issuer}`
          : `has no ${claim}; ${problem} for the issuer ${issuer}`,
    }));
  });
}
