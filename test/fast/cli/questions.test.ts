import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { terminalAsker } from "../../../cli/questions.ts";
import { project, type } from "./support/project.ts";

/** A terminal on which keys can be pressed; what it shows can be read. */
function terminal(env: Record<string, string> = {}, isTTY = true) {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  Object.assign(stdin, { isTTY, setRawMode: () => stdin });
  Object.assign(stderr, { isTTY, columns: 120, rows: 40 });
  let shown = "";
  stderr.on("data", (chunk: Buffer) => (shown += chunk.toString()));
  const asker = terminalAsker({ stdin, stderr, env } as never);
  const until = async (text: string): Promise<void> => {
    while (!shown.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    asker: asker!,
    until,
    press: (keys: string) => void stdin.write(keys),
    shown: () => shown,
  };
}

test.each<[string, Record<string, string>, boolean]>([
  ["without a terminal", {}, false],
  ["in a pipeline that has one", { CI: "true" }, true],
])("nobody is asked %s", (_what, env, isTTY) => {
  expect(terminal(env, isTTY).asker).toBeUndefined();
});

test("text is taken without the blanks around it, once it is right; a choice by its key", async () => {
  const { asker, until, press, shown } = terminal();
  const text = asker.text("Which team?", {
    problem: (value) => (value === "shop" ? undefined : `${value} is no team`),
  });
  await until("Which team?");
  press("sho \r");
  await until("sho is no team");
  press("\x7fp\r");
  expect(await text).toBe("shop");
  expect(shown()).toContain("Which team?");

  const tier = asker.choose("Which tier?", ["sandbox", "standard", "production"], "standard");
  await until("Which tier?");
  press("\x1b[B\r");
  expect(await tier).toBe("production");
});

test("Ctrl-C in the middle of the questions writes nothing and ends as an interruption", async () => {
  const made = project();
  const { asker, until, press } = terminal();
  const command = type(made, ["new-environment", "eu", "--kind", "aws"], { asker });
  await until("Domain of the instances");
  press("mlflow.example.com\r");
  await until("AWS account");
  press("\x03");
  expect(await command).toMatchObject({ output: "", refused: "Interrupted; nothing was written." });
  expect(made.files()).toEqual([]);
});

test("an interruption has the exit code that shells give one", async () => {
  const { asker, until, press } = terminal();
  const answer = asker.confirm("Change it?").catch((error: unknown) => error);
  await until("Change it?");
  press("\x03");
  expect(await answer).toMatchObject({ exitCode: 130 });
});
