import { readFile } from "node:fs/promises";
import { openForge, pullRequestNumber, type Forge } from "../comment/forge.ts";
import { marker, putComment } from "../comment/publish.ts";
import { writeSummary } from "../comment/summary.ts";
import type { Register } from "../context.ts";
import { ExitCode, Refusal } from "../exitCode.ts";
import { changedPaths, environmentsIn, touchedBy } from "../touchedStacks.ts";

interface Options {
  readonly file?: string;
  readonly untouched?: string;
  readonly pullRequest?: string;
}

export const register: Register = (program, { root, signal, note }, end) => {
  program
    .command("comment")
    .description("put a stack's preview page into one comment of the pull request (merge request), changed in place")
    .usage("-- <stack> --file <page> | --untouched <base> [options]")
    .argument("[stack]", "the environment that the page is of")
    .option("--file <page>", "the page that `npm run preview -- <stack> --markdown <file>` wrote")
    .option("--untouched <base>", "in place of a page: say so in the comments of stacks that the change since this Git ref touches no more")
    .option("--pull-request <number>", "default: the one that the job runs for")
    .action((stack: string | undefined, options: Options) =>
      end(async () => {
        const forge = openForge(process.env, { signal });
        if (options.untouched !== undefined) {
          if (stack !== undefined || options.file !== undefined)
            throw new Refusal("--untouched stands for itself, without a stack and a page.");
          const environments = await environmentsIn(root);
          const touched = touchedBy(await changedPaths(root, options.untouched), environments);
          for (const { stack: other } of environments.filter((one) => !touched.includes(one.stack))) {
            const outcome = await putComment(forge, numberOf(forge, options), marker("preview", other), untouchedPage(other), {
              keepAbsent: true,
            });
            note(`${other}: not touched; comment ${outcome}`);
          }
          return ExitCode.Clean;
        }
        if (stack === undefined || options.file === undefined)
          throw new Refusal("A stack and its page are needed: npm run comment -- <stack> --file <page>");
        const page = await readPage(options.file);
        await writeSummary(process.env, page);
        const outcome = await putComment(forge, numberOf(forge, options), marker("preview", stack), page);
        note(`${forge.name}: comment on ${stack} ${outcome}`);
        return ExitCode.Clean;
      }),
    );
};

const untouchedPage = (stack: string): string => `## ${stack}\n\nThis change no longer touches the environment \`${stack}\`.`;

function numberOf(forge: Forge, { pullRequest }: Options): number {
  const number = pullRequest === undefined ? forge.pullRequest : pullRequestNumber(pullRequest);
  if (number !== undefined) return number;
  throw new Refusal(
    pullRequest === undefined
      ? "The job runs for no pull request: name one with --pull-request <number>."
      : `--pull-request: ${pullRequest} is not the number of one`,
  );
}

async function readPage(file: string): Promise<string> {
  const page = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(
      error.code === "ENOENT" ? `${file}: there is no such page; the preview ended before it could write one` : error.message,
    );
  });
  if (page.trim() === "") throw new Refusal(`${file}: the page is empty`);
  return page;
}
