import type { PolicyResource } from "@pulumi/policy";
import { z } from "zod";
import { roleNamesOf } from "../names.ts";
import { bucketTypes, component, databaseType, kubernetesType, roleType } from "../resources.ts";
import { problemOf, stackRule, type Context } from "../rule.ts";
import type { Instance } from "../stack.ts";

type Known = Pick<Context<unknown>, "known">;

/** Whose roles are whose: an owner's name ends with neither of the job's endings. */
const roles = (instance: Instance, ending: string | undefined, { known }: Known): PolicyResource[] => {
  const { owner, retention, staleRuns } = roleNamesOf(instance.name);
  const endings = [retention, staleRuns].map((name) => name.slice(owner.length));
  return instance.of(roleType).filter((role) => {
    // Where a preview can't know the name, the logical one tells as much.
    const name = known(() => role.props["name"] as string | undefined) ?? role.name.replaceAll("-", "_").replace(/_role$/, "");
    return ending === undefined ? !endings.some((other) => name.endsWith(other)) : name.endsWith(ending);
  });
};

const labelled = (instance: Instance, type: string, name: string): PolicyResource[] =>
  instance.component(name).filter((resource) => resource.type === type);

/** How each part is found, and whether an instance that is being deleted still has it. */
const parts: Record<string, { find: (instance: Instance, known: Known) => readonly PolicyResource[]; kept?: true }> = {
  bucket: { find: (instance) => instance.of(...bucketTypes), kept: true },
  database: { find: (instance) => instance.of(databaseType), kept: true },
  "database owner role": { find: (instance, known) => roles(instance, undefined, known) },
  "retention role": { find: (instance, known) => roles(instance, "_retention", known) },
  "stale-runs role": { find: (instance, known) => roles(instance, "_stale_runs", known) },
  "tracking server (Deployment, component tracking-server)": {
    find: (instance) => labelled(instance, kubernetesType.deployment, component.trackingServer),
  },
  "Service (component tracking-server)": { find: (instance) => labelled(instance, kubernetesType.service, component.trackingServer) },
  "migration (Job, component migration)": { find: (instance) => labelled(instance, kubernetesType.job, component.migration) },
  "token Secret (component access-tokens)": { find: (instance) => labelled(instance, kubernetesType.secret, component.accessTokens) },
  "retention job (CronJob, component retention)": {
    find: (instance) => labelled(instance, kubernetesType.cronJob, component.retention),
  },
  "stale-runs job (CronJob, component stale-runs)": {
    find: (instance) => labelled(instance, kubernetesType.cronJob, component.staleRuns),
  },
  Ingress: { find: (instance) => instance.of(kubernetesType.ingress) },
};

export const instanceHasEachPartOnce = stackRule({
  name: "instance-has-each-part-once",
  pack: "isolation",
  severity: "high",
  demand: "Every instance has each of its parts exactly once.",
  reason: "Without one it doesn't work or is not looked after; with two, one of them is what nobody looks at.",
  settings: z.object({
    optional: z
      .array(z.enum(Object.keys(parts) as [string, ...string[]]))
      .default([])
      .describe("Parts that an instance may lack, for a platform that has another way; two are still one too many. Default: none."),
  }),
  *check({ instances }, { settings, known }) {
    for (const instance of instances) {
      for (const [part, { find, kept }] of Object.entries(parts)) {
        if (instance.deletionPrepared && kept !== true) continue;
        const found = find(instance, { known });
        if (found.length === 1 || (found.length === 0 && settings.optional.includes(part))) continue;
        yield found.length === 0
          ? problemOf(instance, `Instance ${instance.name} has no ${part}; add it, with the instance's labels or tags.`)
          : problemOf(
              instance,
              `Instance ${instance.name} has ${found.length} of ${part}: ${found.map(({ name }) => name).join(", ")}; remove all but one, or label it as what it is.`,
              found[1],
            );
      }
    }
  },
});
