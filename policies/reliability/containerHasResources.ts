import { inEach } from "../model/parts.ts";
import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { containersOf, workloadTypes } from "../model/workloads.ts";

export const containerHasResources = resourceRule({
  name: "container-has-resources",
  pack: "reliability",
  severity: "high",
  demand:
    "Every container of an instance requests processor and memory, and has a limit of its memory.",
  reason:
    "Without requests a node takes more pods than it can feed, and without a limit one search takes the memory of all.",
  steps:
    "Set requests of cpu and memory and a limit of memory for the container (cpu and memory in the instance's file).",
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      const resources = (value["resources"] ?? {}) as {
        requests?: Record<string, unknown>;
        limits?: Record<string, unknown>;
      };
      if (resources.requests?.["cpu"] === undefined)
        yield `Set ${path}.resources.requests.cpu (cpu in the instance's file).`;
      if (resources.requests?.["memory"] === undefined)
        yield `Set ${path}.resources.requests.memory (memory.request in the instance's file).`;
      if (resources.limits?.["memory"] === undefined)
        yield `Set ${path}.resources.limits.memory (memory.limit in the instance's file).`;
    });
  },
});
