import { daysOf } from "../model/days.ts";
import { previousState, stackType, type AskPrevious } from "../model/previousState.ts";
import {
  annotation,
  isInstanceNamespace,
  kubernetesType,
  metadataOf,
  placeOf,
} from "../model/resources.ts";
import { resourceRule } from "../rule.ts";

const fields = [
  { key: annotation.retention, field: "deletedExperimentRetention" },
  { key: annotation.traceRetention, field: "traceRetention" },
] as const;

/** `ask` gives the state before the change. */
export const retentionIsNotCutShortOf = (ask: AskPrevious) =>
  resourceRule({
    name: "retention-is-not-cut-short",
    pack: "retention",
    severity: "critical",
    demand: "The retention of an instance is not lowered by more than half at once.",
    reason:
      "The next run removes for good what the old retention still kept; a slip of the pen must not do that.",
    steps:
      "Lower the retention to half at most, wait for the next run of the retention job, and lower it again.",
    types: [stackType, kubernetesType.namespace],
    async *check(resource) {
      if (resource.type === stackType) {
        // Long before the first namespace, so that its judgement waits for nothing.
        void ask(resource.urn);
        return;
      }
      if (!isInstanceNamespace(resource)) return;
      const { instance } = placeOf(resource);
      const declared = metadataOf(resource.props).annotations;
      if (
        instance === undefined ||
        fields.every(({ key }) => daysOf(declared?.[key]) === undefined)
      )
        return;
      const previous = await ask(resource.urn);
      if ("refusal" in previous) {
        yield `The former retention of instance ${instance} is unknown: ${previous.refusal}.`;
        return;
      }
      for (const { key, field } of fields) {
        const now = daysOf(declared?.[key]);
        const before = daysOf(previous.instances.get(instance)?.[key]);
        if (now === undefined || before === undefined || now * 2 >= before) continue;
        yield `${field} of instance ${instance} goes from ${before}d to ${now}d; set it to ${Math.ceil(before / 2)}d or more, and lower it again after the next run, or have it excluded.`;
      }
    },
  });

export const retentionIsNotCutShort = retentionIsNotCutShortOf(previousState);
