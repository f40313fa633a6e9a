import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exitCodeMeanings } from "../../../cli/exitCode.ts";
import { verbs } from "../../../cli/verbs.ts";
import { typed } from "./support/typed.ts";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/commands.md"), "utf8");

test("help shows every verb by its group, and every exit code", async () => {
  const { code, out } = await typed(root, ["--help"]);
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "Usage: npx mlflow-instances [options] [command]

    MLflow instances as code. docs/commands.md describes every verb.

    Options:
      -h, --help          display help for command

    Instances:
      new-instance        write the file of a new instance; a pull request with it
                          makes the instance
      promote             copy an instance's file to the next environment and show
                          the differences
      tokens              list the access tokens of an environment, when each ends,
                          and which end soon

    Environments:
      new-environment     write the stack file of a new environment, on AWS or on
                          any Kubernetes
      stacks              list the environments that have a stack file in Git, and
                          check their files
      policies            list the rules of the policy packs, and check their
                          configuration
      setup-ci            prepare a pipeline's job: write its files and install the
                          Pulumi CLI
      gitlab-jobs         write a job for each environment, as a child pipeline of
                          GitLab's

    Changes:
      preview             show the effects of a change on an environment as one
                          page; changes nothing
      deploy              deploy the files of an environment if the preview is clean
      drift               compare the deployed resources with the last update and
                          with the files; changes nothing
      comment             keep one comment per environment on the pull request,
                          changed in place
      review-environment  make, list and destroy the short-lived environments of
                          pull requests

    Maintenance of an instance that runs:
      retention           remove deleted items for good after the instance's grace
                          period
      stale-runs          set RUNNING runs to FAILED that get no more data
      orphans             list objects that no row points to, and rows whose objects
                          are missing
      restore-deleted     take a deleted experiment, run or logged model back
      purge               remove one deleted thing, or a trace, for good and now;
                          asks for its name
      audit               print who changed, deleted or was refused what in an
                          instance

    This command:
      completion          print the completion script of a shell

    Exit codes:
        0  success
        1  error of the engine, cluster, database, object store or Git host
        2  invalid input: an argument, a file or a setting; a retry gives the same error
        3  a mandatory policy is violated
        4  the change would lose data and is not confirmed
        5  drift: the deployed resources differ from the last update or the files
        6  incomplete: run it again
        7  another run holds the lock
        8  a token is over, ends soon or is unused
      130  interrupted
    "
  `);
  expect((await typed(root, [])).out).toBe(out);
});

test.each(verbs.map(({ name }) => name))(
  "%s --help, and help %s, show its options",
  async (name) => {
    const { code, out } = await typed(root, [name, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: npx mlflow-instances ${name} `);
    expect(out).toMatch(/^ {2}-h, --help /m);
    expect((await typed(root, ["help", name])).out).toBe(out);
  },
);

test("the page of the commands has every verb and the table of exit codes", () => {
  for (const { name } of verbs) expect(page).toContain(`\`${name}\``);
  const table = Object.entries(exitCodeMeanings).map(([code, text]) => `| ${code} | ${text} |`);
  expect(page).toContain(table.join("\n"));
});
