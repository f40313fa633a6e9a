import type { PolicyResource } from "@pulumi/policy";
import { isInstanceNamespace, kubernetesType, label, marksOf } from "../model/resources.ts";
import { stackRule, type Context } from "../rule.ts";
import type { Stack } from "../model/stack.ts";

/** The hosts of an ingress; one that a preview can't know hides no other. */
function hostsOf(ingress: PolicyResource, { known }: Pick<Context<unknown>, "known">): string[] {
  const rules = known(() => (ingress.props["spec"]?.["rules"] ?? []) as { host?: string }[]) ?? [];
  return [...rules.keys()].flatMap((index) => known(() => rules[index]?.host ?? []) ?? []);
}

export const instanceIsUnique = stackRule({
  name: "instance-is-unique",
  pack: "naming",
  severity: "high",
  demand:
    "No two instances of a stack have the same name or the same host, and nobody else answers at an instance's host.",
  reason:
    "What follows from the name would be one for two; and whoever answers at a host gets the tokens of its users.",
  steps:
    "Rename one of the instances, or give one of the ingresses another host (host in the instance's file).",
  *check(stack, context) {
    yield* sameNames(stack, context);
    const owners = new Map<string, string>();
    for (const { name, of } of stack.instances)
      for (const ingress of of(kubernetesType.ingress))
        for (const host of new Set(hostsOf(ingress, context))) {
          const owner = owners.get(host) ?? name;
          owners.set(host, owner);
          if (owner === name) continue;
          yield {
            message: `The instances ${owner} and ${name} both answer at ${host}; give one another host.`,
            urn: ingress.urn,
            instances: [owner, name],
          };
        }
    for (const stranger of stack.strangers(kubernetesType.ingress))
      for (const host of new Set(hostsOf(stranger, context))) {
        const owner = owners.get(host);
        if (owner === undefined) continue;
        yield {
          message: `The ingress ${stranger.name} answers at ${host}, the host of instance ${owner}; give it another host.`,
          urn: stranger.urn,
          instances: [owner],
        };
      }
  },
});

function* sameNames({ resources }: Stack, { known }: Pick<Context<unknown>, "known">) {
  const seen = new Map<string, string>();
  for (const namespace of resources) {
    const name = known(() =>
      isInstanceNamespace(namespace) ? (marksOf(namespace)[label.instance] ?? "") : "",
    );
    if (name === undefined || name === "") continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, namespace.name);
    else {
      const message = `The namespaces ${first} and ${namespace.name} both say that they are of instance ${name}; give one its own name.`;
      yield { message, urn: namespace.urn, instances: [name] };
    }
  }
}
