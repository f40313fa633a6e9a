import {
  inDays,
  instanceProblems,
  isWithin,
  resolveInstance,
} from "@mlflow-instances/components/internal";
import type { ResolvedInstance, Tier } from "@mlflow-instances/components/internal";
import type { Environment } from "../environment/environment.ts";
import { nothingGiven } from "../platforms/given.ts";
import { nameProblem } from "../values/naming.ts";
import { showPath, type Problem } from "../values/problems.ts";
import { retentionDays } from "../values/tiers.ts";
import { traceRetentionProblem } from "../values/traceRetention.ts";
import { daysOf } from "../values/units.ts";
import { show } from "../values/wrongValue.ts";
import type { InstanceFile } from "./file.ts";
import { placed } from "./places.ts";
import { policyProblems, type Policies } from "./policyBounds.ts";
import { newValueProblems, type DeployedTokens } from "./tokenGenerations.ts";
import { toArgs } from "./toArgs.ts";
import { workloadProblems } from "./workloads.ts";

/** Why the file's name can't be an instance's name, as a problem of the whole file. */
export const problemsInName = (name: string, tier: Tier | undefined): Problem[] => {
  const problem = nameProblem(name, tier);
  return problem === undefined
    ? []
    : [{ path: [], message: `the instance's name "${name}" ${problem}` }];
};

/** The rules, the day and the state by which a file is judged in its environment. */
export interface Known {
  readonly policies: Policies;
  readonly today: string;
  readonly deployed?: DeployedTokens | undefined;
}

export interface Judged {
  /** What the component makes of the file. */
  readonly resolved: ResolvedInstance;
  readonly problems: readonly Problem[];
  /** What the component can't take of the environment's platform, whichever file it is. */
  readonly ofPlatform: readonly Problem[];
}

/**
 * Everything wrong in a file that its schema alone can't see: what only the file and its
 * environment know, all that the component would refuse, and what the policy packs bound.
 * `deployed` are the tokens that the last update made, where that is known. `today` bounds the life
 * of tokens: as days pass, the bound moves away from a given date or stays, so a file that was
 * accepted once is accepted for ever. An expired token is no problem, since the server refuses it.
 */
export function judge(
  environment: Environment,
  name: string,
  file: InstanceFile,
  { policies, today, deployed }: Known,
): Judged {
  const args = toArgs(environment, name, file, nothingGiven);
  const resolved = resolveInstance(args);
  const own = [
    ...ownProblems(environment, file, resolved),
    ...newValueProblems(resolved, deployed, today),
  ];
  const theirs = instanceProblems(args).map((problem) =>
    placed(problem, args, environment.platform),
  );
  const ofPolicies = policyProblems(policies, environment, resolved, { today, deployed });
  const said = new Set(own.map(({ path }) => showPath(path)));
  const unsaid = ({ path }: Problem) => !said.has(showPath(path));
  return {
    resolved,
    // What the file's own check has words for needs no second ones.
    problems: [
      ...own,
      ...theirs
        .filter(({ of, problem }) => of === "file" && unsaid(problem))
        .map(({ problem }) => problem),
      ...ofPolicies.filter(unsaid),
    ],
    ofPlatform: theirs
      .filter(({ of }) => of === "platform")
      .map(({ problem: { path, message } }) => ({ path: ["environment", ...path], message })),
  };
}

/** Whether a namespace is one of a pattern, in which `*` stands for any characters. */
const fits = (pattern: string, namespace: string): boolean =>
  new RegExp(`^${pattern.replace("*", ".*")}$`).test(namespace);

/** What only the file and its environment can know. */
function ownProblems(
  environment: Environment,
  file: InstanceFile,
  resolved: ResolvedInstance,
): Problem[] {
  const problems: Problem[] = [];
  const add = (path: (string | number)[], message: string) => problems.push({ path, message });
  const { instanceName, tier, deletedExperimentRetention, traceRetention } = resolved;

  if (file.delete !== undefined && file.delete !== instanceName)
    add(
      ["delete"],
      `is ${show(file.delete)}; to delete this instance, write its name, ${show(instanceName)}`,
    );

  const { domain, bounds } = environment;
  // Certificates and DNS records with a wildcard reach one label deep.
  if (
    file.host !== undefined &&
    !(file.host.endsWith(`.${domain}`) && !file.host.slice(0, -domain.length - 1).includes("."))
  )
    add(
      ["host"],
      `is ${show(file.host)}, outside the environment's domain; expected <name>.${domain}`,
    );

  problems.push(...workloadProblems(environment, file.workloads));

  const bucket = resolved.bucket.name;
  if (bucket.length > 63)
    add(
      [],
      `the bucket would be named ${bucket} (${bucket.length} characters, at most 63); shorten the file's name`,
    );

  const ofTier = retentionDays[tier];
  const own = bounds?.deletedExperimentRetention;
  const narrowed = {
    least: Math.max(ofTier.least, own ? daysOf(own.min) : 0),
    most: Math.min(ofTier.most, own ? daysOf(own.max) : Infinity),
  };
  if (!isWithin(daysOf(deletedExperimentRetention), narrowed))
    add(
      ["deletedExperimentRetention"],
      `is ${deletedExperimentRetention}, outside ${inDays(narrowed)} of tier ${tier} in ${environment.name}`,
    );

  const ofTraces = traceRetentionProblem(traceRetention, bounds?.traceRetention);
  if (ofTraces !== undefined) add(["traceRetention"], ofTraces);

  for (const { name, deliverTo } of resolved.tokens) {
    const allowed = bounds?.tokenNamespaces ?? [];
    if (deliverTo !== undefined && !allowed.some((each) => fits(each, deliverTo.namespace)))
      add(
        ["tokens", name, "deliverTo", "namespace"],
        `is ${show(deliverTo.namespace)}; the environment's bounds.tokenNamespaces allows ${allowed.join(", ") || "none"}`,
      );
  }
  for (const [name, { expires = environment.defaults?.tokenExpires }] of Object.entries(
    file.tokens ?? {},
  ))
    if (expires === undefined)
      add(
        ["tokens", name, "expires"],
        "is missing; every token ends on a date, for example 2027-02-20, or on the environment's defaults.tokenExpires",
      );
  return problems;
}
