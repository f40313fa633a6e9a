import { existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { asObject } from "../../../program/environment/stackFile.ts";
import { reviewStack, pullRequestOf, type Preview } from "../../../program/values/pullRequest.ts";
import { fileOfInstance } from "../../../program/instance/instanceFiles.ts";
import { readStack, stackNames } from "../../../program/instance/stackOnDisk.ts";
import { parseYamlFile } from "../../../program/values/yamlFile.ts";
import { openStack, type EngineRun } from "../engine.ts";
import { Refusal } from "../../refusal.ts";
import { openBackend, type Workplace } from "./backend.ts";
import { chosenInstances, type BaseInstances } from "./chosenInstances.ts";
import { claimOf } from "./claim.ts";
import { untilOf } from "./lifetime.ts";
import { headerOf, stackFileIn, withReview } from "./stackFile.ts";
import { takeUp } from "./takeUp.ts";

export interface ReviewRequest {
  readonly pullRequest: number;
  /** The environment whose platform, secrets and instance files it takes. */
  readonly from: string;
  readonly instances: readonly string[] | undefined;
  readonly base: string | undefined;
  readonly ttl: string;
}

/**
 * Makes or renews a pull request's environment. Everything is done anew each time, so that a second
 * run finishes what a first one began.
 */
export async function upReview(
  workplace: Workplace,
  request: ReviewRequest,
  today: string,
): Promise<{ stack: string; preview: Preview; run: EngineRun }> {
  const { root, note } = workplace;
  const { pullRequest, from } = request;
  const until = untilOf(request.ttl, today);
  const base = readBase(root, from);
  const instances = await chosenInstances({ named: request.instances, base: request.base }, base);
  const preview: Preview = { pullRequest, until, instances };

  const name = reviewStack(pullRequest);
  const file = stackFileIn(root, name);
  const header = headerOf(base.text);
  const backend = openBackend(workplace);
  const there = (await backend.previews()).some((stack) => stack.name === name);
  if (there) {
    const claim = claimOf(name, await backend.state(name));
    if (!claim.preview) throw new Refusal(`${name} is left alone: ${claim.why}`);
  }
  await writeFile(file, header.text, { mode: 0o600 });
  if (!there) {
    const provider =
      header.secretsProvider === undefined ? [] : ["--secrets-provider", header.secretsProvider];
    await backend.run(["stack", "init", name, "--no-select", ...provider]);
  }
  // Decrypted and encrypted inside the CLI: no secret passes through this program.
  await backend.run(["config", "cp", "--stack", from, "--dest", name]);
  await writeFile(
    file,
    withReview(await readFile(file, "utf8"), preview, { name: from, folder: base.folder }),
    { mode: 0o600 },
  );

  const stack = await openStack(root, name, workplace);
  const run = await takeUp(stack, backend, note, () =>
    stack.up({ message: `review environment of pull request ${pullRequest}` }),
  );
  return { stack: name, preview, run };
}

/** What a preview takes from its base stack. */
function readBase(root: string, from: string): BaseInstances & { readonly text: string } {
  if (pullRequestOf(from) !== undefined)
    throw new Refusal(
      `--from ${from}: a preview is made from an environment that stays, not from another preview`,
    );
  const known = stackNames(root).filter((name) => pullRequestOf(name) === undefined);
  if (!known.includes(from))
    throw new Refusal(
      `--from ${from}: no such stack; those with a file in stacks/ are ${known.join(", ") || "none"}`,
    );
  const { stack, errors } = readStack(root, from);
  if (stack === undefined)
    throw new Refusal(
      [`--from ${from}: its file is wrong; nothing was changed:`, ...errors].join("\n  "),
    );
  const folder = relative(root, resolve(stack.instancesFolder)).replaceAll(sep, "/");
  return {
    root,
    folder,
    names: stack.instances,
    isDeleting: (name) => isDeleting(join(root, folder), name),
    text: readFileSync(stack.file, "utf8"),
  };
}

function isDeleting(folder: string, name: string): boolean {
  const file = fileOfInstance(folder, name);
  return (
    existsSync(file) &&
    asObject(parseYamlFile(readFileSync(file, "utf8")).data)["delete"] !== undefined
  );
}
