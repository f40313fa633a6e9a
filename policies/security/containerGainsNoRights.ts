import { inEach } from "../model/parts.ts";
import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { containersOf, withContainers, workloadTypes } from "../model/workloads.ts";

interface SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}

const contextOf = (container: Record<string, any>): SecurityContext =>
  container["securityContext"] ?? {};

export const containerGainsNoRights = resourceRule({
  name: "container-gains-no-rights",
  pack: "security",
  severity: "high",
  demand: "No container of an instance is privileged, keeps a capability or may gain rights.",
  reason: "MLflow needs none of them, and an intruder needs one.",
  steps:
    "Set allowPrivilegeEscalation: false and capabilities.drop: [ALL] in the container's securityContext, and remove privileged and capabilities.add.",
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      const at = `${path}.securityContext`;
      const { privileged, allowPrivilegeEscalation, capabilities } = contextOf(value);
      if (privileged === true) yield `Remove ${at}.privileged.`;
      if (allowPrivilegeEscalation !== false) yield `Set ${at}.allowPrivilegeEscalation to false.`;
      if (capabilities?.drop?.includes("ALL") !== true)
        yield `Set ${at}.capabilities.drop to ["ALL"].`;
      const added = capabilities?.add ?? [];
      if (added.length > 0) yield `Remove ${[...added].join(", ")} from ${at}.capabilities.add.`;
    });
  },
  // Certain only where nothing was said: the API server would refuse such a pod of a restricted
  // namespace anyway.
  remedy(workload) {
    if (!isOfInstance(workload)) return undefined;
    let changed = false;
    const props = withContainers(workload, (container) => {
      const { allowPrivilegeEscalation, capabilities } = contextOf(container);
      const missing = {
        ...(allowPrivilegeEscalation === undefined ? { allowPrivilegeEscalation: false } : {}),
        ...(capabilities?.drop === undefined
          ? { capabilities: { ...capabilities, drop: ["ALL"] } }
          : {}),
      };
      if (Object.keys(missing).length === 0) return container;
      changed = true;
      return { ...container, securityContext: { ...contextOf(container), ...missing } };
    });
    return changed ? props : undefined;
  },
});
