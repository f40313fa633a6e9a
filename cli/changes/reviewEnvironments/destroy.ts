import { rm, writeFile } from "node:fs/promises";
import { openStack } from "../engine.ts";
import { failure, Refusal } from "../../refusal.ts";
import { reviewStack } from "../../../program/values/pullRequest.ts";
import { openBackend, type Backend, type Workplace } from "./backend.ts";
import { ensureCaFiles } from "./caFiles.ts";
import { claimOf } from "./claim.ts";
import { headerFromState, stackFileIn } from "./stackFile.ts";
import { takeUp } from "./takeUp.ts";

/** Destroys a pull request's environment, if there is one. */
export async function destroyReview(
  workplace: Workplace,
  pullRequest: number,
): Promise<"destroyed" | "none"> {
  const backend = openBackend(workplace);
  const stack = reviewStack(pullRequest);
  const there = (await backend.previews()).some(({ name }) => name === stack);
  if (there) await destroyStack(workplace, backend, stack);
  await rm(stackFileIn(workplace.root, stack), { force: true });
  return there ? "destroyed" : "none";
}

/**
 * Destroys a stack that is a review environment, with its state and its file. The file is written
 * anew from the state: the machine that closes a pull request is seldom the one that opened it, and
 * destroying takes nothing from the config but the secrets provider.
 */
export async function destroyStack(
  workplace: Workplace,
  backend: Backend,
  name: string,
): Promise<void> {
  const { root, note } = workplace;
  const state = await backend.state(name);
  const claim = claimOf(name, state);
  if (!claim.preview) throw new Refusal(`${name} is left alone: ${claim.why}`);
  ensureCaFiles(root, name, state);
  const file = stackFileIn(root, name);
  await writeFile(file, headerFromState(state.secretsProvider), { mode: 0o600 });
  const stack = await openStack(root, name, workplace);
  const run = await takeUp(stack, backend, note, () =>
    stack.destroy({ message: "review environment: destroy" }),
  );
  if (!run.succeeded) throw failure(`${name} is not destroyed:\n${run.output.trim()}`);
  await stack.run(["stack", "rm", "--yes"]);
  await rm(file, { force: true });
}
