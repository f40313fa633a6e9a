import { containerFilesystemIsReadOnly } from "../../../../policies/security/containerFilesystemIsReadOnly.ts";
import { changed, container, cronJob, pod, server } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { unknown } from "../support.ts";

const flag = [...container, "securityContext", "readOnlyRootFilesystem"];
const message =
  "Set spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem to true, and mount an emptyDir with a sizeLimit where it has to write.";
const broken = changed(server, flag, false);

resourceContract(containerFilesystemIsReadOnly, {
  passes: { "a server": server, "a CronJob": cronJob },
  breaks: changed(server, flag, undefined),
  message,
  unknown: [
    {
      given: changed(
        broken,
        [...pod, "initContainers"],
        [{ securityContext: { readOnlyRootFilesystem: unknown } }],
      ),
      later: ["spec.template.spec.initContainers.0.securityContext.readOnlyRootFilesystem"],
      violations: [message],
    },
  ],
  ignores: {
    "a workload of no instance": changed(broken, ["metadata"], {
      name: "other",
      namespace: "other",
    }),
    "another type": { ...broken, type: "kubernetes:core/v1:ConfigMap" },
  },
});
