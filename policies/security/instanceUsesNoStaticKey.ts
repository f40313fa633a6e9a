import { isAtAws } from "../model/buckets.ts";
import { inEach } from "../model/parts.ts";
import { kubernetesType } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { secretEntries } from "../model/secrets.ts";
import { bucketsOf } from "../model/stack.ts";
import { containersOf, variablesOf, workloadTypes } from "../model/workloads.ts";

const variables = new Set(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
const keyName = /^(aws[-_])?(access[-_]key[-_]id|secret[-_]access[-_]key)$/i;
const keyId = /^(AKIA|ASIA)[A-Z0-9]{16}$/;

const instead =
  "give its ServiceAccount a role (the annotation eks.amazonaws.com/role-arn, or an EKS Pod Identity association) and remove the key";

export const instanceUsesNoStaticKey = stackRule({
  name: "instance-uses-no-static-key",
  pack: "security",
  severity: "high",
  demand: "No pod and no Secret of an instance holds an access key where its bucket is at AWS.",
  reason:
    "A key works from everywhere until it is revoked; a role's session ends by itself and works from its pod only.",
  steps:
    "Remove the access key, and give the instance's ServiceAccount a role (IRSA or EKS Pod Identity).",
  *check({ instances }, context) {
    for (const instance of instances) {
      if (!bucketsOf(instance).some(({ provider }) => isAtAws(provider))) continue;
      for (const workload of instance.of(...workloadTypes)) {
        const containers = context.known(() => containersOf(workload)) ?? [];
        yield* inEach(containers.flatMap(variablesOf), context, function* ({ path, name }) {
          if (variables.has(name))
            yield problemOf(instance, `${path} is ${name}; ${instead}.`, workload);
        });
      }
      for (const secret of instance.of(kubernetesType.secret)) {
        const entries = context.known(() => secretEntries(secret.props)) ?? [];
        yield* inEach(entries, context, function* ({ path, key, text }) {
          if (keyName.test(key) || keyId.test(text()))
            yield problemOf(instance, `${path} is an access key of AWS; ${instead}.`, secret);
        });
      }
    }
  },
});
