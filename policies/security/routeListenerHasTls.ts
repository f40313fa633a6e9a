import { gatewayTypes, httpRouteTypes, listenerSetTypes } from "../model/resources.ts";
import {
  isParent,
  listenersOf,
  onlyRedirectsToHttps,
  parentKindOf,
  parentRefsOf,
} from "../model/routes.ts";
import { stackRule } from "../rule.ts";

// A stack rule, because the protocol is the listener's; what a route alone shows is route-has-tls.
export const routeListenerHasTls = stackRule({
  name: "route-listener-has-tls",
  pack: "security",
  severity: "critical",
  demand:
    "The listener to which a serving HTTPRoute attaches has the protocol HTTPS, where its Gateway or ListenerSet is in the same stack.",
  reason: "A listener with the name https can still have the protocol HTTP.",
  steps:
    "Set sectionName in spec.parentRefs of the route to a listener with the protocol HTTPS, or add that listener to the Gateway.",
  *check(stack, { known }) {
    const routes = [
      ...stack.instances.flatMap((instance) =>
        instance.of(...httpRouteTypes).map((route) => ({ route, instances: [instance.name] })),
      ),
      ...stack.strangers(...httpRouteTypes).map((route) => ({ route, instances: [] })),
    ];
    const parents = stack.resources.filter(({ type }) =>
      [...gatewayTypes, ...listenerSetTypes].includes(type),
    );
    if (parents.length === 0) return;
    for (const { route, instances } of routes) {
      if (known(() => onlyRedirectsToHttps(route)) !== false) continue;
      const references = known(() => parentRefsOf(route)) ?? [];
      for (const index of references.keys())
        for (const parent of parents) {
          const wrong = known(() => {
            const reference = references[index]!;
            const name = reference.name ?? "";
            const sectionName = reference.sectionName ?? "";
            // A missing name is for route-has-tls.
            if (sectionName === "" || !isParent(reference, route, parent)) return undefined;
            const listeners = [...listenersOf(parent)].filter((one) => one.name === sectionName);
            const of = `of the ${parentKindOf(reference)} ${name}`;
            if (listeners.length === 0)
              return `${sectionName}, and there is no such listener ${of}`;
            return listeners
              .filter(({ protocol }) => protocol !== "HTTPS")
              .map(({ protocol }) => `${sectionName}, which has the protocol ${protocol} ${of}`)[0];
          });
          if (wrong === undefined) continue;
          const message = `spec.parentRefs[${index}].sectionName of ${route.name} is ${wrong}; set it to a listener with the protocol HTTPS.`;
          yield { message, urn: route.urn, instances };
        }
    }
  },
});
