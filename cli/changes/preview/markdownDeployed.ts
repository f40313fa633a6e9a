import { clean, code, counted, countedByPulumi, joined } from "./markdownText.ts";
import type { PreviewReport } from "./report.ts";

/**
 * The result of an update, in short: its preview has the rest. Of a failed one, `left` is the state
 * of each instance, in place of the effects that were announced.
 */
export function deployedPage(
  report: PreviewReport,
  left: ReadonlyMap<string, readonly string[]>,
): string {
  const { stack, errors, risks, policies, instances, environment } = report;
  const resources = [...instances.flatMap((each) => each.resources), ...environment];
  const violated = policies.filter(({ level }) => level === "mandatory");
  const failed = errors.length > 0 || violated.length > 0;
  return `${joined([
    `# ${failed ? `Deployment of \`${stack}\` **failed**` : `\`${stack}\` is deployed`}`,
    resources.length === 0
      ? "Nothing changed."
      : `${failed ? "Begun: " : ""}${counted(resources)}.${countedByPulumi(report)}`,
    ["```text", ...errors.map((error) => error.replaceAll("```", "'''")), "```"]
      .slice(0, errors.length === 0 ? 0 : undefined)
      .join("\n"),
    risks.length === 0
      ? ""
      : [
          "Data at risk with it:",
          ...risks.map(
            ({ instance, text }) => `- **${instance ?? "environment"}**: ${clean(text)}`,
          ),
        ].join("\n"),
    violated
      .map(
        ({ policy, message }) => `- \`${policy}\`: ${clean(message).replaceAll(/\s*\n\s*/g, " ")}`,
      )
      .join("\n"),
    instances
      .map(({ name, state, resources: own, notices }) =>
        [
          `- **${name}**: ${state}; ${counted(own)}`,
          ...(failed ? (left.get(name) ?? []) : notices).map((line) => `  - ${line}`),
        ].join("\n"),
      )
      .join("\n"),
    failed
      ? `Next: remove the cause, then run ${code(`npx mlflow-instances deploy ${stack}`)} again: it continues with the missing changes. To go back, restore the previous files and deploy them.`
      : "",
  ])}\n`;
}
