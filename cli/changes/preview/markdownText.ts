import type { PreviewReport, ResourceReport } from "./report.ts";

/** Parts of a page, with a line between them; empty ones are none. */
export const joined = (parts: readonly string[]): string =>
  parts.filter((part) => part !== "").join("\n\n");

export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;
/** In a table's cell or a line, as code. */
export const code = (text: string): string =>
  text === "" ? '`""`' : `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
/** Text from outside: no tag of it reaches the page. */
export const clean = (text: string): string => text.replaceAll("<", "&lt;");

/** `3 resources: 1 created, 2 updated in place` */
export function counted(resources: readonly ResourceReport[]): string {
  const kinds = {
    created: "created",
    updated: "updated in place",
    replaced: "replaced",
    deleted: "deleted",
  } as const;
  const counts = (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) => {
    const count = resources.filter((each) => each.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kinds[kind]}`];
  });
  return `${plural(resources.length, "resource")}: ${counts.join(", ")}`;
}

/** ` Pulumi counts 37: it includes 1 component.`; empty where Pulumi's number is the page's. */
export function countedByPulumi({ pulumiCount }: Pick<PreviewReport, "pulumiCount">): string {
  if (pulumiCount === undefined) return "";
  const { count, components, protectionOnly } = pulumiCount;
  const reasons = [
    ...(components === 0 ? [] : [`includes ${plural(components, "component")}`]),
    ...(protectionOnly === 0
      ? []
      : [`leaves out ${plural(protectionOnly, "resource")} with only a change of protection`]),
  ];
  return ` Pulumi counts ${count}: it ${reasons.join(" and ")}.`;
}

/** Lines as one list, cut with a count. */
export function listed(lines: readonly string[], most: number, noun: string): string {
  const kept: string[] = [];
  let length = 0;
  for (const each of lines) {
    length += each.length + 1;
    if (length > most) break;
    kept.push(each);
  }
  const left = lines.length - kept.length;
  return [...kept, ...(left === 0 ? [] : [`- … and ${plural(left, `more ${noun}`)}`])].join("\n");
}
