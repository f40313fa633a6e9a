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
    "No two instances of a stack have the same name, and nobody else answers at an instance's host.",
  reason:
    "What follows from the name would be one for two; and whoever answers at a host gets the tokens of its users.",
  *check(stack, context) {
    yield* sameNames(stack, context);
    for (const instance of stack.instances) {
      const hosts = new Set(
        instance.of(kubernetesType.ingress).flatMap((ingress) => hostsOf(ingress, context)),
      );
      // An instance that takes another's host breaks host-follows-instance already.
      for (const other of stack.strangers(kubernetesType.ingress)) {
        const taken = hostsOf(other, context).filter((host) => hosts.has(host));
        if (taken.length === 0) continue;
        yield {
          message: `The ingress ${other.name} answers at ${taken.join(", ")}, the host of instance ${instance.name}; give it another host.`,
          urn: other.urn,
          instances: [instance.name],
        };
      }
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
