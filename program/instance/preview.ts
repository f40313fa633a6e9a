import type { Environment } from "../environment/environment.ts";
import type { InstanceFile } from "./file.ts";
import { reviewStack, type Preview } from "../values/pullRequest.ts";
import { nameProblem } from "../values/naming.ts";
import type { Problem } from "../values/problems.ts";

const prefixOf = ({ pullRequest }: Preview): string => `${reviewStack(pullRequest)}-`;

/**
 * Name of an instance file's instance: with the pull request in it, so that host, namespace,
 * database and bucket lie beside those of the original.
 */
export const nameIn = ({ preview }: Environment, fileName: string): string =>
  preview === undefined ? fileName : `${prefixOf(preview)}${fileName}`;

/** The name of the file that an instance comes from. */
export const fileNameOf = ({ preview }: Pick<Environment, "preview">, instance: string): string =>
  preview === undefined ? instance : instance.slice(prefixOf(preview).length);

const longestName = 40;

/** Why a file's instance can't be part of a preview; its own name obeys the usual rules besides. */
export function problemsInPreview(
  preview: Preview,
  fileName: string,
  file: object | undefined,
): Problem[] {
  const problems: Problem[] = [];
  const most = longestName - prefixOf(preview).length;
  if (nameProblem(fileName, "sandbox") === undefined && fileName.length > most) {
    problems.push({
      path: [],
      message: `the instance would be named ${prefixOf(preview)}${fileName}, longer than ${longestName} characters; a name that is previewed in pull request ${preview.pullRequest} has at most ${most}`,
    });
  }
  if (file !== undefined && "delete" in file && file.delete !== undefined) {
    problems.push({
      path: ["delete"],
      message:
        "is set: an instance that is being deleted has no preview; leave it out of preview.instances",
    });
  }
  return problems;
}

// What a team may ask for in size, where a preview always has the sandbox's, and what there is only
// one of: the original's host.
const dropped = [
  "host",
  "replicas",
  "workers",
  "cpu",
  "memory",
  "databaseConnections",
  "temporaryStorage",
  "delete",
];

/**
 * The file as a preview takes it: tier sandbox with its sizes whatever it says, and tokens with
 * values of their own, none of which outlives the environment.
 */
export function asPreview(preview: Preview, file: InstanceFile): InstanceFile {
  const kept = Object.fromEntries(
    Object.entries(file).filter(([key]) => !dropped.includes(key)),
  ) as InstanceFile;
  const tokens = Object.entries(file.tokens ?? {}).map(
    ([name, token]) =>
      [
        name,
        {
          role: token.role,
          expires:
            token.expires !== undefined && token.expires < preview.until
              ? token.expires
              : preview.until,
        },
      ] as const,
  );
  return { ...kept, tier: "sandbox", tokens: Object.fromEntries(tokens) };
}
