import { InvalidArgumentError, type Command } from "commander";
import { reviewDays, pullRequestOf, reviewStack } from "../../program/values/pullRequest.ts";
import type { Define } from "../context.ts";
import type { EngineRun } from "./engine.ts";
import { destroyReview } from "./reviewEnvironments/destroy.ts";
import { instancesIn, listReviews } from "./reviewEnvironments/list.ts";
import { reap } from "./reviewEnvironments/reap.ts";
import { instancesText, listText, reapedText } from "./reviewEnvironments/texts.ts";
import { upReview } from "./reviewEnvironments/up.ts";
import type { Workplace } from "./reviewEnvironments/backend.ts";
import { ExitCode } from "../exitCode.ts";
import { jsonOrBareOption, writeResult } from "../jsonOutput.ts";

export const define: Define = (group, context, end) => {
  const { root, signal, note, out, during } = context;
  const onLine = (line: string): void => (isChatter(line) ? undefined : context.note(line));
  const workplace: Workplace = { root, signal, note, onLine };

  withNumber(group.command("up").description("make or renew the environment of a pull request"))
    .requiredOption(
      "--from <stack>",
      "the environment whose platform, secrets and instance files it takes",
    )
    .option(
      "--instances <names>",
      "which instances, with commas between them; default: those whose files changed since --base",
      names,
    )
    .option("--base <git ref>", "where the pull request left its target branch")
    .option(
      "--ttl <days>",
      `how long it lives from today on: ${reviewDays.least}d to ${reviewDays.most}d`,
      `${reviewDays.usual}d`,
    )
    .action(
      (
        pullRequest: number,
        options: { from: string; instances?: string[]; base?: string; ttl: string },
      ) =>
        end(async () => {
          const request = {
            pullRequest,
            from: options.from,
            instances: options.instances,
            base: options.base,
            ttl: options.ttl,
          };
          const { stack, preview, run } = await during(`Bringing up pr-${pullRequest}`, () =>
            upReview(workplace, request, context.today),
          );
          if (run.succeeded)
            out(
              instancesText({
                stack,
                until: preview.until,
                instances: instancesIn(outputsOf(run)),
              }),
            );
          else
            context.note(
              `${stack} is not complete: another \`up\` goes on with it, \`destroy ${pullRequest}\` takes it away.`,
            );
          return exitCodeOf(run);
        }),
    );

  withNumber(
    group
      .command("destroy")
      .description("destroy the environment of a pull request, its state and its file"),
  ).action((pullRequest: number) =>
    end(async () => {
      const outcome = await during(`Destroying pr-${pullRequest}`, () =>
        destroyReview(workplace, pullRequest),
      );
      out(
        outcome === "none"
          ? `There is no review environment ${reviewStack(pullRequest)}.\n`
          : `${reviewStack(pullRequest)} is destroyed.\n`,
      );
      return ExitCode.Done;
    }),
  );

  group
    .command("reap")
    .description("destroy every review environment whose last day is over")
    .option("--dry-run", "say which, and destroy nothing", false)
    .addOption(jsonOrBareOption())
    .action(({ dryRun, json }: { dryRun: boolean; json?: string }) =>
      end(async () => {
        const reaped = await during("Looking for environments whose time is over", () =>
          reap(workplace, { today: context.today, dryRun }),
        );
        await writeResult(context, json, { text: reapedText(reaped), facts: reaped });
        return reaped.some(({ outcome }) => outcome === "failed") ? ExitCode.Left : ExitCode.Done;
      }),
    );

  group
    .command("list")
    .description("the review environments that there are")
    .addOption(jsonOrBareOption())
    .action(({ json }: { json?: string }) =>
      end(async () => {
        const previews = await during("Reading the states of the environments", () =>
          listReviews(workplace),
        );
        await writeResult(context, json, {
          text: listText(previews, context.today),
          facts: previews,
        });
        return ExitCode.Done;
      }),
    );
};

// The CLI's way to say that it lives, and its advice to remove a stack that is about to be removed.
const isChatter = (line: string): boolean =>
  /^(@ |\s*$|The resources in the stack have been deleted|If you want to remove the stack)/.test(
    line,
  );

const withNumber = (command: Command): Command =>
  command.argument("<number>", "of the pull request (merge request)", number);

// `pr-012` or `12abc` would be another stack than was meant.
function number(text: string): number {
  const parsed = pullRequestOf(`pr-${text}`);
  if (parsed === undefined)
    throw new InvalidArgumentError("expected the number of a pull request, such as 12");
  return parsed;
}

function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.includes(""))
    throw new InvalidArgumentError("expected names of instances with commas between them");
  return list;
}

const outputsOf = ({ results }: EngineRun): Record<string, unknown> =>
  (results.findLast(({ type }) => type === "pulumi:pulumi:Stack")?.new?.outputs ?? {}) as Record<
    string,
    unknown
  >;

function exitCodeOf({ succeeded, interrupted, policies }: EngineRun): ExitCode {
  if (succeeded) return ExitCode.Done;
  if (interrupted) return ExitCode.Interrupted;
  return policies.some(({ enforcementLevel }) => enforcementLevel === "mandatory")
    ? ExitCode.PolicyViolated
    : ExitCode.Failed;
}
