import { isHostOf } from "../model/names.ts";
import { isOfInstance, kubernetesType, label, marksOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

export const hostFollowsInstance = resourceRule({
  name: "host-follows-instance",
  pack: "naming",
  // Low, so advice: `host:` of an instance file is for a name that people already know, and a
  // platform team that wants no such names sets the level to mandatory.
  severity: "low",
  demand: "The host of an instance is <instance>.<domain>.",
  reason: "Users find an instance by its name; another host is a decision that a reviewer sees.",
  steps:
    "Remove host from the instance's file, or leave it: a host that people already know is allowed.",
  types: [kubernetesType.ingress],
  *check(ingress, { known }) {
    const instance = marksOf(ingress)[label.instance];
    if (instance === undefined || !isOfInstance(ingress)) return;
    const rules = (ingress.props["spec"]?.["rules"] ?? []) as { host?: string }[];
    for (const index of rules.keys()) {
      const host = known(() => rules[index]?.host ?? "");
      // A rule without a host is ingress-has-tls's.
      if (host === undefined || host === "" || isHostOf(instance, host)) continue;
      yield `The host ${host} is not named after instance ${instance}; set spec.rules[${index}].host to ${instance}.<domain>.`;
    }
  },
});
