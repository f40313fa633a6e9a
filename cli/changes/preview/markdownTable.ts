import { code, counted, plural } from "./markdownText.ts";
import type { ResourceReport } from "./report.ts";

/** A table of resources, folded; rows that don't fit are counted. */
export function details(resources: readonly ResourceReport[], most: number): string {
  const rows = rowsOf(resources);
  const kept: string[] = [];
  let length = 0;
  for (const row of rows) {
    length += row.length + 1;
    if (length > most) break;
    kept.push(row);
  }
  const left = rows.length - kept.length;
  return [
    `<details><summary>${counted(resources)}</summary>`,
    ...(kept.length === 0
      ? []
      : ["", "| | resource | property | before | after |", "|---|---|---|---|---|", ...kept]),
    ...(left === 0
      ? []
      : ["", `… and ${plural(left, "more row")}; \`pulumi preview --diff\` shows all.`]),
    "",
    "</details>",
  ].join("\n");
}

/**
 * From how many resources on the same change of the same property is one row: a label changes on
 * all of them.
 */
const together = 3;
/** The cells of a resource that is made or goes as a whole. */
const nothing = "| | | |";

function rowsOf(resources: readonly ResourceReport[]): string[] {
  const rows = resources.flatMap(({ resource, type, kind, properties }) => {
    const what = `${type.slice(type.lastIndexOf(":") + 1)} ${code(resource)}`;
    const changes = properties.length === 0 ? [nothing] : properties.map(changeOf);
    return changes.map((change) => ({ kind, what, change, same: `${kind} ${change}` }));
  });
  const groups = Map.groupBy(rows, ({ same }) => same);
  return rows.flatMap(({ kind, what, change, same }) => {
    const group = groups.get(same) ?? [];
    if (group.length < together || change === nothing) return [`| ${kind} | ${what} ${change}`];
    return group[0]?.what === what
      ? [`| ${kind} | ${group.map((each) => each.what).join(", ")} ${change}`]
      : [];
  });
}

function changeOf({
  path,
  old,
  new: next,
  replaces,
}: ResourceReport["properties"][number]): string {
  const cell = (value: string | undefined): string => (value === undefined ? "" : code(value));
  return `| ${code(path)}${replaces ? " (replaces)" : ""} | ${cell(old)} | ${cell(next)} |`;
}
