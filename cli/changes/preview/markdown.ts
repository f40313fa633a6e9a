import { capacityLine, capacityTable, costLines, money } from "./markdownCapacity.ts";
import type { InstanceReport, Outcome, PreviewReport } from "./report.ts";
import { details } from "./markdownTable.ts";
import { clean, code, counted, countedByPulumi, joined, listed } from "./markdownText.ts";
import { policies } from "./markdownPolicies.ts";

/** The forges' comments end at 65,536 characters; the page leaves room for what a comment adds. */
export const longestPage = 60_000;

const words: Record<Outcome, string> = {
  "no changes": "no changes",
  clean: "clean",
  "policy violation": "**policy violation**",
  "destructive change": "**destructive change without its confirmation**",
  error: "**error**",
};

/**
 * The page. Nothing in it differs from run to run but what the change does, so that a comment is
 * not rewritten in vain.
 */
export function pageOf(report: PreviewReport): string {
  const head = [
    `# Preview of \`${report.stack}\`: ${words[report.outcome]}${report.outcome === "clean" && report.risks.length > 0 ? ", with data at risk" : ""}`,
    summary(report),
    ...risks(report),
    ...errors(report),
    ...policies(report),
    ...warnings(report),
    ...incomplete(report),
  ];
  const tail = [...capacity(report), ...files(report), ...environment(report)];
  const fixed = joined([...head, ...tail]).length;
  // What is left goes to the instances in equal shares; their tables give way first, then their
  // words.
  const room = longestPage - fixed - 200;
  const share = report.instances.length === 0 ? 0 : Math.floor(room / report.instances.length);
  const blocks = report.instances.map((instance) => block(instance, report, share));
  const fits = blocks.reduce((sum, text) => sum + text.length + 2, 0) <= room;
  const instances = fits
    ? blocks
    : [listed(report.instances.map(line), Math.max(room, 0), "instance")];
  return `${joined([...head, ...instances, ...tail])}\n`;
}

function summary(report: PreviewReport): string {
  const { instances, environment, unchanged, complete } = report;
  if (!complete && instances.length === 0) return "";
  const resources = [...instances.flatMap((each) => each.resources), ...environment];
  const states = (["new", "changed", "gone"] as const).map(
    (state) => [instances.filter((each) => each.state === state).length, state] as const,
  );
  const counts = [...states, [unchanged.length, "unchanged"] as const]
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`);
  const changes =
    resources.length === 0
      ? "Nothing changes."
      : `${counted(resources)}.${countedByPulumi(report)}`;
  return `${changes} Instances: ${counts.join(", ") || "none"}.`;
}

/** Never cut. */
function risks({ risks: all }: PreviewReport): string[] {
  if (all.length === 0) return [];
  const lines = all.map(({ instance, destructive, confirmed, text }) => {
    const mark =
      destructive && !confirmed ? " (**not confirmed**)" : confirmed ? " (confirmed)" : "";
    return `- **${instance ?? "environment"}**${mark}: ${clean(text)}`;
  });
  return ["## Data at risk", lines.join("\n")];
}

function errors({ errors: all }: PreviewReport): string[] {
  return all.length === 0 ? [] : ["## Errors", ...fenced(all, 10_000)];
}

function fenced(texts: readonly string[], most: number): string[] {
  const text = texts.join("\n").replaceAll("```", "'''");
  return [
    "```text\n" +
      (text.length <= most
        ? text
        : `${text.slice(0, most)}\n… cut, ${text.length - most} characters more`) +
      "\n```",
  ];
}

function warnings({ warnings: all }: PreviewReport): string[] {
  return all.length === 0 ? [] : ["## Warnings", ...fenced(all, 5_000)];
}

const incomplete = ({ complete }: PreviewReport): string[] =>
  complete
    ? []
    : ["What else would change is not known: the preview ended before everything was looked at."];

const causeOf = ({ cause }: InstanceReport): string =>
  cause === undefined
    ? ""
    : cause === "defaults or code"
      ? "Changed by defaults or code: no file of its own changed."
      : `Cause: ${code(cause.file)} ${cause.change}.`;

const replaced = ({ replacements }: InstanceReport): string[] =>
  replacements.length === 0 ? [] : [`Replaced: ${replacements.join(", ")}.`];

function labels({ labels: all }: InstanceReport): string[] {
  const texts = all.map(({ label, old, new: next }) => {
    if (old === undefined) return `${code(label)} ${code(next ?? "")} (new)`;
    return `${code(label)} ${code(old)} → ${next === undefined ? "removed" : code(next)}`;
  });
  return texts.length === 0 ? [] : [`Changed labels: ${texts.join(", ")}.`];
}

function block(instance: InstanceReport, report: PreviewReport, most: number): string {
  const { name, state, notices, resources } = instance;
  const cost = instance.monthlyCost;
  const currency = report.cost?.prices.currency;
  const top = joined([
    `## ${name}: ${state}`,
    causeOf(instance),
    notices.length === 0
      ? "Its users notice nothing."
      : ["Its users notice:", ...notices.map((each) => `- ${each}`)].join("\n"),
    [...replaced(instance), ...labels(instance)].join("\n"),
    [
      capacityLine(instance.capacity, state),
      ...(cost === undefined || currency === undefined || cost.before === cost.after
        ? []
        : [`Monthly cost (estimate): ${money(cost, currency)}.`]),
    ]
      .filter((text) => text !== "")
      .join("\n"),
  ]);
  return `${top}\n\n${details(resources, Math.max(most - top.length - 200, 0))}`;
}

const line = ({ name, state, resources }: InstanceReport): string =>
  `- **${name}**: ${state}; ${counted(resources)}`;

function capacity(report: PreviewReport): string[] {
  if (report.capacity === undefined) return [];
  return ["## Capacity of all instances", capacityTable(report.capacity), ...costLines(report)];
}

function files({
  base,
  complete,
  sharedFiles = [],
  withoutEffect = [],
  instances,
  environment,
}: PreviewReport): string[] {
  if (base === undefined) return [];
  const byOthers = instances
    .filter(({ cause }) => cause === "defaults or code")
    .map(({ name }) => name);
  const list = (all: readonly string[]): string =>
    listed(
      all.map((file) => `- ${code(file)}`),
      3_000,
      "file",
    );
  const who =
    byOthers.length === 0 ? "" : `, and so the cause of what changes in ${byOthers.join(", ")}`;
  const parts = [
    ...(byOthers.length + environment.length > 0 && sharedFiles.length > 0
      ? [`Not of one instance${who}:`, list(sharedFiles)]
      : []),
    ...(byOthers.length > 0 && sharedFiles.length === 0
      ? [
          `No changed file explains what changes in ${byOthers.join(", ")}: it was merged before and is not deployed yet, or was changed by hand.`,
        ]
      : []),
    ...(withoutEffect.length === 0
      ? []
      : [complete ? "Changed, with no effect here:" : "Instance files:", list(withoutEffect)]),
  ];
  return parts.length === 0 ? [] : [`## Files changed since \`${base}\``, ...parts];
}

function environment({ environment: resources }: PreviewReport): string[] {
  return resources.length === 0
    ? []
    : ["## Environment", "Belongs to no instance:", details(resources, 4_000)];
}
