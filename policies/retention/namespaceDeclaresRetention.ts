import { z } from "zod";
import { daysOf } from "../model/days.ts";
import {
  annotation,
  isInstanceNamespace,
  kubernetesType,
  metadataOf,
  placeOf,
} from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";

const days = z.int().min(1).max(90);

export const namespaceDeclaresRetention = resourceRule({
  name: "namespace-declares-retention",
  pack: "retention",
  severity: "high",
  demand:
    "Each instance declares for how long deleted experiments can be restored, within the bounds of its tier and environment.",
  reason:
    "Without grace a mistaken deletion is final at once; without an end, deleted personal data stays for ever.",
  steps:
    "Set deletedExperimentRetention in the instance's file to a value within the bounds of the message.",
  settings: z.object({
    // What production reads from is never gone within a weekend.
    minDays: bounds(days, 1, { tiers: { production: 7 } }).describe("Least number of days."),
    maxDays: bounds(days, 90).describe("Greatest number of days."),
  }),
  types: [kubernetesType.namespace],
  *check(namespace, { settings }) {
    if (!isInstanceNamespace(namespace)) return;
    const place = placeOf(namespace);
    const [min, max] = [boundFor(settings.minDays, place), boundFor(settings.maxDays, place)];
    const found = metadataOf(namespace.props).annotations?.[annotation.retention];
    const range = `a number of days from ${min}d to ${max}d`;
    if (found === undefined)
      return yield `Set deletedExperimentRetention (annotation ${annotation.retention}) to ${range}.`;
    const given = daysOf(found);
    if (given === undefined || given < min || given > max)
      yield `deletedExperimentRetention (annotation ${annotation.retention}) is "${found}"; set it to ${range}.`;
  },
});
