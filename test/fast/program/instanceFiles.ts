import { resolveInstance } from "@mlflow-instances/components/internal";
import { expect } from "vitest";
import type { Environment } from "../../../program/environment/environment.ts";
import type { InstanceFile } from "../../../program/instance/file.ts";
import { readInstances } from "../../../program/instance/load.ts";
import { toArgs } from "../../../program/instance/toArgs.ts";
import { nothingGiven } from "../../../program/platforms/given.ts";
import { fixtureEnvironment, folderWith } from "./support.ts";

/** The smallest instance file. */
export const good = "team: fraud\nowner: a@example.com\ndescription: d\n";

/** What is wrong with a folder of such files. */
export function errorsOf(
  files: Record<string, string>,
  environment = fixtureEnvironment(),
): readonly string[] {
  const folder = folderWith(files);
  const { errors, instances } = readInstances(environment, folder, {
    stack: "local",
    today: "2026-11-22",
    root: folder,
  });
  // A file with an error is never among the instances: nothing could be made of it by mistake.
  const wrong = new Set(errors.map((error) => error.split(":", 1)[0]!));
  expect(instances).toHaveLength(
    Object.keys(files).filter((file) => !wrong.has(file.split("/", 1)[0]!)).length,
  );
  return errors;
}

/** What is wrong with the smallest file and this after it. */
export const errorsIn = (extra: string) => errorsOf({ "shop.yaml": good + extra });

/** What the component makes of a file. */
export const resolve = (environment: Environment, name: string, file: InstanceFile) =>
  resolveInstance(toArgs(environment, name, file, nothingGiven));
