import { readFile } from "node:fs/promises";
import { pullRequestNumber, type Forge } from "./comment/forge.ts";
import { openForge } from "./comment/openForge.ts";
import { marker, putComment, type Outcome } from "./comment/publish.ts";
import { writeSummary } from "./comment/summary.ts";
import type { Define } from "../context.ts";
import { failure, Refusal } from "../refusal.ts";
import { ExitCode } from "../exitCode.ts";
import { changedPaths, environmentsIn, touchedBy } from "../touchedStacks.ts";

interface Options {
  readonly file?: string;
  readonly base?: string;
  readonly pullRequest?: string;
}

export const define: Define = (command, { root, signal, note, during, env }, end) => {
  command
    .usage("<stack> --file <page> [options] | --base <git ref> [options]")
    .argument("[stack]", "the environment that the page is of")
    .option("--file <page>", "the page that `preview <stack> --markdown <file>` wrote")
    .option(
      "--base <git ref>",
      "with a page: make no new comment when the change since then does not touch the stack; " +
        "without: say so in the comments of all stacks that it touches no more",
    )
    .option("--pull-request <number>", "default: the one that the job runs for")
    .action((stack: string | undefined, { file, base, pullRequest }: Options) =>
      end(async () => {
        const forge = openForge(env, { signal });
        const number = numberOf(forge, pullRequest);
        const put = async (name: string, page: string, keepAbsent: boolean): Promise<void> => {
          const what = `${forge.name}: comment on ${name}`;
          const outcome = await during(what, () =>
            putComment(forge, number, marker("preview", name), page, { keepAbsent }),
          );
          note(`${what}: ${words[outcome]}`);
        };
        const environments = base === undefined ? [] : await environmentsIn(root);
        const touched =
          base === undefined ? undefined : touchedBy(await changedPaths(root, base), environments);

        if (stack !== undefined && file !== undefined) {
          const page = await readPage(file);
          await writeSummary(env, page ?? "");
          // An older page would go on to say what a preview that failed says no more.
          await put(
            stack,
            page ?? failedPage(stack, forge.jobUrl),
            touched?.includes(stack) === false,
          );
          if (page === undefined)
            throw failure(
              `${file}: there is no such page; the preview ended before it could write one`,
            );
        } else if (stack === undefined && file === undefined && touched !== undefined) {
          for (const { stack: other } of environments)
            if (!touched.includes(other)) await put(other, untouchedPage(other), true);
        } else
          throw new Refusal(
            "Needed are a stack and its page, <stack> --file <page>, or neither and --base <git ref>.",
          );
        return ExitCode.Done;
      }),
    );
};

const words: Record<Outcome, string> = {
  written: "made",
  updated: "updated",
  unchanged: "as it was",
  closed: "closed",
  absent: "none, and none is needed",
};

const untouchedPage = (stack: string): string =>
  `## ${stack}\n\nThis change no longer touches the environment \`${stack}\`.`;

function numberOf(forge: Forge, pullRequest: string | undefined): number {
  const number = pullRequest === undefined ? forge.pullRequest : pullRequestNumber(pullRequest);
  if (number !== undefined) return number;
  throw new Refusal(
    pullRequest === undefined
      ? "The job runs for no pull request: name one with --pull-request <number>."
      : `--pull-request: ${pullRequest} is not the number of one`,
  );
}

const failedPage = (stack: string, jobUrl = ""): string =>
  `## ${stack}\n\nThe preview of the environment \`${stack}\` failed before it could say what the change does. ${jobUrl}`.trimEnd();

/** Undefined when there is none. */
async function readPage(file: string): Promise<string | undefined> {
  const page = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Refusal(`${file}: ${error.message}`);
  });
  if (page?.trim() === "") throw new Refusal(`${file}: the page is empty`);
  return page;
}
