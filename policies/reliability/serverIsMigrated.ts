import type { PolicyResource } from "@pulumi/policy";
import { component, kubernetesType, metadataOf } from "../model/resources.ts";
import { problemOf, stackRule } from "../rule.ts";
import { serversOf } from "../model/servers.ts";
import { containersOf } from "../model/workloads.ts";

const imagesOf = (workload: PolicyResource): string[] =>
  containersOf(workload).map(({ value }) => value["image"] as string);

export const serverIsMigrated = stackRule({
  name: "server-is-migrated",
  pack: "reliability",
  severity: "critical",
  demand: "Every tracking server has a migration Job with its own image in its own namespace.",
  reason:
    "A server on a schema of another version fails at once, or later at the first column that is missing.",
  steps: "Give the migration Job the image of the tracking server.",
  *check({ instances }, { known }) {
    for (const instance of instances) {
      const jobs = instance
        .component(component.migration)
        .filter(({ type }) => type === kubernetesType.job);
      // That there is one at all is asked by instance-has-each-part-once.
      if (instance.deletionPrepared || jobs.length === 0) continue;
      for (const server of serversOf(instance)) {
        const namespace = known(() => ({ name: metadataOf(server.props).namespace }));
        const images = known(() => imagesOf(server));
        if (namespace === undefined || images === undefined) continue;
        const verdicts = jobs.map((job) =>
          known(
            () =>
              metadataOf(job.props).namespace === namespace.name &&
              imagesOf(job).some((image) => images.includes(image)),
          ),
        );
        if (verdicts.some((verdict) => verdict !== false)) continue;
        yield problemOf(
          instance,
          `No Job of instance ${instance.name} migrates the schema for ${images.join(", ")}; give its migration Job (label app.kubernetes.io/component: migration) the tracking server's image.`,
          server,
        );
      }
    }
  },
});
