import type { PolicyResource } from "@pulumi/policy";
import { listOf, statementsOf } from "../model/buckets.ts";
import {
  bucketPolicyType,
  isReviewEnvironment,
  kubernetesType,
  metadataOf,
} from "../model/resources.ts";
import { stackRule, type Context, type Problem } from "../rule.ts";
import { secretEntries } from "../model/secrets.ts";
import type { Instance } from "../model/stack.ts";

type Known = Pick<Context<unknown>, "known">;

const stored = "give each a key of its own in artifactStoreKeys";

/** A place where an instance names who it is at the object store. */
interface Use {
  /** Access key id or principal; for comparing only. */
  readonly who: string;
  readonly resource: PolicyResource;
  readonly place: string;
}

export const instanceSharesNoKey = stackRule({
  name: "instance-shares-no-key",
  pack: "isolation",
  severity: "critical",
  demand:
    "Every instance has a key of its own to the object store, and is let into its own bucket by it only.",
  reason:
    "A shared key opens both buckets, and taking it from one instance takes it from the other.",
  steps:
    "Make a user or a role of the object store for each instance, and name only that one in its bucket's policy.",
  *check({ instances }, context) {
    // Instances of pull requests may share one user: where a store has no accounts that this
    // program could make, there is one for them all.
    const judged = instances.filter(({ environment }) => !isReviewEnvironment(environment));
    yield* sharedBy(judged, "access key", stored, (instance) => keysOf(instance, context));
    yield* sharedBy(judged, "principal", stored, (instance) => principalsOf(instance, context));
    yield* sharedBy(judged, "cloud role", "give each a role of its own", (instance) =>
      rolesOf(instance, context),
    );
  },
});

function* sharedBy(
  instances: readonly Instance[],
  what: string,
  advice: string,
  usesOf: (instance: Instance) => Use[],
): Generator<Problem> {
  const first = new Map<string, { instance: Instance; use: Use }>();
  for (const instance of instances) {
    const told = new Set<string>();
    for (const use of usesOf(instance)) {
      const other = first.get(use.who);
      if (other === undefined) first.set(use.who, { instance, use });
      if (other === undefined || other.instance === instance || told.has(use.who)) continue;
      told.add(use.who);
      yield {
        message: `Instances ${other.instance.name} and ${instance.name} have one ${what} (${other.use.place}, ${use.place}); ${advice}.`,
        urn: use.resource.urn,
        instances: [other.instance.name, instance.name],
      };
    }
  }
}

const keysOf = (instance: Instance, { known }: Known): Use[] =>
  instance.of(kubernetesType.secret).flatMap((secret) =>
    (known(() => secretEntries(secret.props)) ?? [])
      .filter(({ key }) => /access[-_]?key[-_]?id/i.test(key))
      .flatMap(
        (entry) =>
          known(() => ({
            who: entry.text(),
            resource: secret,
            place: `${entry.path} of ${secret.name}`,
          })) ?? [],
      ),
  );

/** How a ServiceAccount says which role of AWS its pods take. */
const roleAnnotation = "eks.amazonaws.com/role-arn";

const rolesOf = (instance: Instance, { known }: Known): Use[] =>
  instance.of(kubernetesType.serviceAccount).flatMap((account) => {
    const who = known(() => metadataOf(account.props).annotations?.[roleAnnotation] ?? "") ?? "";
    return who === "" ? [] : [{ who, resource: account, place: account.name }];
  });

// Administrators, who may do everything, are the same in all policies.
const isAdministrators = (actions: readonly string[]): boolean =>
  actions.some((action) => action === "s3:*" || action === "*");

const principalsOf = (instance: Instance, { known }: Known): Use[] =>
  instance.of(bucketPolicyType).flatMap((policy) =>
    (known(() => statementsOf(policy.props["policy"])) ?? [])
      .filter(({ Effect, Action }) => Effect === "Allow" && !isAdministrators(listOf(Action)))
      .flatMap(({ Principal }) =>
        listOf((Principal as { AWS?: string | string[] } | undefined)?.AWS),
      )
      .filter((who) => who !== "*")
      .map((who) => ({ who, resource: policy, place: policy.name })),
  );
