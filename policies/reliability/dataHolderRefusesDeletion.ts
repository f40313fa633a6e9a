import { z } from "zod";
import {
  annotation,
  bucketTypes,
  databaseServerTypes,
  marksOf,
  placeOf,
} from "../model/resources.ts";
import { resourceRule, type Resource } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";

const isBucket = ({ type }: Resource): boolean => (bucketTypes as readonly string[]).includes(type);

export const dataHolderRefusesDeletion = resourceRule({
  name: "data-holder-refuses-deletion",
  pack: "reliability",
  severity: "critical",
  demand:
    "A bucket is never emptied by force, and a database server has its own protection and leaves a last snapshot.",
  reason:
    "It holds when Pulumi's own protection was removed by hand, and for changes outside of Pulumi.",
  steps:
    "Remove forceDestroy of the bucket; set deletionProtection: true of the database server, and a final snapshot.",
  settings: z.object({
    asked: bounds(z.boolean(), true, {
      tiers: { sandbox: false },
      environments: { "pr-*": false },
    }).describe("Whether it is asked for."),
  }),
  types: [...bucketTypes, ...databaseServerTypes],
  *check(holder, { settings, known }) {
    if (
      !boundFor(settings.asked, placeOf(holder)) ||
      marksOf(holder)[annotation.deletion] === "prepared"
    )
      return;
    const is = (name: string) =>
      known(() => ({ value: holder.props[name] as boolean | undefined }));
    if (isBucket(holder)) {
      if (holder.props["forceDestroy"] === true)
        yield "Remove forceDestroy: it deletes all artifacts with the bucket (to delete the instance, write delete: and its name into its file).";
      return;
    }
    const [guarded, skips] = [is("deletionProtection"), is("skipFinalSnapshot")];
    if (guarded !== undefined && guarded.value !== true) yield "Set deletionProtection to true.";
    if (skips?.value === true) yield "Remove skipFinalSnapshot, and set finalSnapshotIdentifier.";
  },
  // Certain only where nothing was said.
  remedy(holder, { settings }) {
    if (
      isBucket(holder) ||
      holder.props["deletionProtection"] !== undefined ||
      !boundFor(settings.asked, placeOf(holder))
    )
      return undefined;
    return { ...holder.props, deletionProtection: true };
  },
});
