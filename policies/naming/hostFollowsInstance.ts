import { isHostOf } from "../model/names.ts";
import { hostTypes, isOfInstance, label, marksOf } from "../model/resources.ts";
import { hostsOf, onlyRedirectsToHttps } from "../model/routes.ts";
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
  types: hostTypes,
  *check(resource, context) {
    const instance = marksOf(resource)[label.instance];
    if (instance === undefined || !isOfInstance(resource)) return;
    // Its host is that of the route to which it redirects.
    if (context.known(() => onlyRedirectsToHttps(resource)) !== false) return;
    // A missing host is for ingress-has-tls and route-has-tls.
    for (const { path, host } of hostsOf(resource, context))
      if (!isHostOf(instance, host))
        yield `The host ${host} is not named after instance ${instance}; set ${path} to ${instance}.<domain>.`;
  },
});
