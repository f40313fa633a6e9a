import type { PolicyResource } from "@pulumi/policy";
import { z } from "zod";
import {
  bucketTypes,
  databaseServerTypes,
  databaseType,
  placeOf,
  roleType,
} from "../model/resources.ts";
import { problemOf, stackRule, type Problem } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";

const isOpen = ({ opts }: PolicyResource): boolean => !opts.protect;

const kind = (type: string): string => type.split(":").at(-1)!;

export const dataHolderIsProtected = stackRule({
  name: "data-holder-is-protected",
  pack: "reliability",
  severity: "critical",
  demand:
    "Pulumi refuses to delete what holds data: bucket, database, roles and database server are protected.",
  reason:
    "A renamed file or a changed argument would otherwise delete experiments and models with the next update.",
  steps:
    "Set the resource option protect: true; to delete the instance, write delete: <instance> into its file.",
  settings: z.object({
    asked: bounds(z.boolean(), true, {
      tiers: { sandbox: false },
      environments: { "pr-*": false },
    }).describe("Whether it is asked for."),
  }),
  *check({ instances, strangers }, { settings }): Generator<Problem> {
    for (const instance of instances) {
      if (instance.deletionPrepared || !boundFor(settings.asked, instance)) continue;
      for (const holder of instance
        .of(...bucketTypes, databaseType, roleType, ...databaseServerTypes)
        .filter(isOpen))
        yield problemOf(
          instance,
          `The ${kind(holder.type)} ${holder.name} of instance ${instance.name} is not protected; set the resource option protect: true (to delete the instance, write delete: ${instance.name} into its file).`,
          holder,
        );
    }
    for (const server of strangers(...databaseServerTypes).filter(isOpen))
      if (boundFor(settings.asked, placeOf(server)))
        yield {
          message: `The ${kind(server.type)} ${server.name} holds databases and is not protected; set the resource option protect: true.`,
          urn: server.urn,
          instances: [],
        };
  },
});
