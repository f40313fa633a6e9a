import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ofFixtures, project, type } from "./support/project.ts";

// The commands of docs/environments.md, typed as they stand there.

const page = readFileSync(join(import.meta.dirname, "../../../docs/environments.md"), "utf8");

/** Arguments of each `npx mlflow-instances <name> …` in the page, lines that go on joined. */
const commands = (name: string): string[][] =>
  [
    ...page
      .replaceAll("\\\n", " ")
      .matchAll(
        new RegExp(`^(?:\\$ )?npx mlflow-instances ${name} ([^#\\n]*[^#\\s][^#\\n]*)`, "gm"),
      ),
  ].map(([, line = ""]) =>
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) =>
      (quoted ?? word!).replace(/…$/, "a1".repeat(32)),
    ),
  );

test("the environment on AWS and its instance can be made as the page says", async () => {
  const made = project(ofFixtures());
  const [environment = []] = commands("new-environment");
  expect(environment).toContain("--certificate-arn");
  expect((await type(made, ["new-environment", ...environment])).refused).toBeUndefined();
  const [instance = []] = commands("new-instance");
  expect((await type(made, ["new-instance", ...instance])).refused).toBeUndefined();
  expect(made.files()).toEqual(
    expect.arrayContaining(["stacks/Pulumi.eu.yaml", "stacks/instances/eu/fraud-detector.yaml"]),
  );
});

test("the promotion is refused in the page's words, by the files that are here", async () => {
  const promotion = commands("promote").find((line) => line.includes("document-triage"))!;
  const { refused } = await type(project(ofFixtures("dev/document-triage")), [
    "promote",
    ...promotion,
  ]);
  expect(page).toContain(refused!);
});

test("the page's first promotion shows, and writes nothing", async () => {
  const made = project(ofFixtures("dev/fraud-detector", "staging/fraud-detector"));
  const promotion = commands("promote").find((line) => line.includes("--dry-run"))!;
  const { output, refused } = await type(made, ["promote", ...promotion]);
  expect({ refused, output }).toEqual({
    refused: undefined,
    output: expect.stringContaining("differs in staging:"),
  });
});
