import { inEach } from "../model/parts.ts";
import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { containersOf, withContainers, workloadTypes } from "../model/workloads.ts";

const policy = "FallbackToLogsOnError";

export const containerReportsFailure = resourceRule({
  name: "container-reports-failure",
  pack: "reliability",
  severity: "medium",
  demand: "A container of an instance that fails leaves the end of its log as its message.",
  reason: "Otherwise a failed migration or dump is reported as an exit code, without the reason.",
  steps: "Set terminationMessagePolicy: FallbackToLogsOnError for the container.",
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      if (value["terminationMessagePolicy"] !== policy)
        yield `Set ${path}.terminationMessagePolicy to ${policy}.`;
    });
  },
  remedy(workload) {
    if (!isOfInstance(workload)) return undefined;
    if (containersOf(workload).every(({ value }) => value["terminationMessagePolicy"] === policy))
      return undefined;
    return withContainers(workload, (each) => ({ ...each, terminationMessagePolicy: policy }));
  },
});
