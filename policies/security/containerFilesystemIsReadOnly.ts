import { inEach } from "../model/parts.ts";
import { isOfInstance } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { containersOf, workloadTypes } from "../model/workloads.ts";

export const containerFilesystemIsReadOnly = resourceRule({
  name: "container-filesystem-is-read-only",
  pack: "security",
  severity: "medium",
  demand: "The root filesystem of every container of an instance is read-only.",
  reason:
    "An intruder can then change no code and leave no files; data that must be written goes to a volume with a size.",
  steps:
    "Set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir with a sizeLimit where the container writes.",
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      if (value["securityContext"]?.readOnlyRootFilesystem !== true)
        yield `Set ${path}.securityContext.readOnlyRootFilesystem to true, and mount an emptyDir with a sizeLimit where it has to write.`;
    });
  },
});
