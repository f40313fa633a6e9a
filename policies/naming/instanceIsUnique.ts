import type { PolicyResource } from "@pulumi/policy";
import {
  hostTypes,
  httpRouteTypes,
  isInstanceNamespace,
  label,
  listenerSetTypes,
  marksOf,
} from "../model/resources.ts";
import {
  hostsMeet,
  hostsOf,
  isParent,
  isWildcard,
  onlyRedirectsToHttps,
  parentRefsOf,
  wordFor,
} from "../model/routes.ts";
import { stackRule, type Context } from "../rule.ts";
import type { Instance, Stack } from "../model/stack.ts";

type Known = Pick<Context<unknown>, "known">;

/** The hosts at which these resources answer, each with the first resource that names it. */
function answeredHosts(
  resources: readonly PolicyResource[],
  context: Known,
): Map<string, PolicyResource> {
  const found = new Map<string, PolicyResource>();
  for (const resource of resources) {
    // A redirect to HTTPS leads to the route that serves the host there.
    if (context.known(() => onlyRedirectsToHttps(resource)) !== false) continue;
    for (const { host } of hostsOf(resource, context))
      if (!found.has(host)) found.set(host, resource);
  }
  return found;
}

export const instanceIsUnique = stackRule({
  name: "instance-is-unique",
  pack: "naming",
  severity: "high",
  demand:
    "No two instances of a stack have the same name or the same host, and no other object serves an instance's host.",
  reason:
    "Names that are derived from the same name collide; and the server behind a host gets the tokens of its users.",
  steps:
    "Rename one of the instances, or give one of the ingresses or routes another host (host in the instance's file).",
  *check(stack, context) {
    yield* sameNames(stack, context);
    const owners: { host: string; instance: Instance }[] = [];
    for (const instance of stack.instances) {
      const own = answeredHosts(instance.of(...hostTypes), context);
      for (const [host, resource] of own) {
        const owner = owners.find((other) => hostsMeet(host, other.host));
        if (owner === undefined) continue;
        yield {
          message: `The instances ${owner.instance.name} and ${instance.name} ${answerAt(owner.host, host)}; give one another host.`,
          urn: resource.urn,
          instances: [owner.instance.name, instance.name],
        };
      }
      owners.push(...[...own.keys()].map((host) => ({ host, instance })));
    }
    for (const stranger of stack.strangers(...hostTypes))
      for (const host of answeredHosts([stranger], context).keys())
        for (const owner of owners.filter((other) => hostsMeet(host, other.host))) {
          if (listensFor(stranger, host, owner.instance, context)) continue;
          const where =
            host === owner.host
              ? `${host}, the host of instance ${owner.instance.name}`
              : `${host}, which overlaps with ${owner.host} of instance ${owner.instance.name}`;
          yield {
            message: `The ${wordFor(stranger.type)} ${stranger.name} answers at ${where}; give it another host.`,
            urn: stranger.urn,
            instances: [owner.instance.name],
          };
        }
  },
});

const answerAt = (first: string, second: string): string =>
  first === second ? `both answer at ${first}` : `answer at ${first} and ${second}, which overlap`;

/**
 * Whether a listener set of the platform is there for the instance: one of all hosts of a domain, or
 * one to which a route of the instance attaches. Listeners alone pass nothing on; routes do.
 */
const listensFor = (
  stranger: PolicyResource,
  host: string,
  instance: Instance,
  { known }: Known,
): boolean =>
  listenerSetTypes.includes(stranger.type) &&
  (isWildcard(host) ||
    instance
      .of(...httpRouteTypes)
      .some(
        (route) =>
          known(() => [...parentRefsOf(route)].some((ref) => isParent(ref, route, stranger))) !==
          false,
      ));

function* sameNames({ resources }: Stack, { known }: Known) {
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
