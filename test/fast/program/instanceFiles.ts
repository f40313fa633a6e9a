import { expect } from "vitest";
import { readInstances } from "../../../program/instance/load.ts";
import { fixtureEnvironment, folderWith } from "./support.ts";

/** The smallest instance file. */
export const good = "team: fraud\nowner: a@example.com\ndescription: d\n";

/** What is wrong with a folder of such files. */
export function errorsOf(
  files: Record<string, string>,
  environment = fixtureEnvironment(),
): readonly string[] {
  const folder = folderWith(files);
  const { errors, specs } = readInstances(environment, folder, {
    stack: "local",
    today: "2026-11-22",
    root: folder,
  });
  // A file with an error is never among the specs: nothing could be made of it by mistake.
  const wrong = new Set(errors.map((error) => error.split(":", 1)[0]!));
  expect(specs).toHaveLength(
    Object.keys(files).filter((file) => !wrong.has(file.split("/", 1)[0]!)).length,
  );
  return errors;
}
