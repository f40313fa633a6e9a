import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

// The program as a shell starts it, with processes.

const root = join(import.meta.dirname, "../../..");
const bin = join(root, "cli/bin/mlflow-instances.js");

/** PATH without this project's own Node: the first `node` is the one that npm itself runs on. */
const foreignPath = process.env["PATH"]!.split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);
const foreignNode = foreignPath
  .split(delimiter)
  .map((folder) => join(folder, "node"))
  .find((file) => existsSync(file))!;

function run(file: string, args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: foreignPath, ...env },
  });
  return { status, stdout, stderr };
}

test("runs on this project's Node, whatever node is on PATH, and passes the exit code on", () => {
  const { status, stdout } = run(bin, ["stacks", "--json"]);
  expect({ status, stacks: JSON.parse(stdout) as unknown }).toEqual({
    status: 0,
    stacks: expect.any(Array),
  });
  expect(run(bin, ["stakcs"]).status).toBe(2);
});

test("is what npx finds: the workspace has the bin, and the root package has none", () => {
  const read = (path: string) =>
    JSON.parse(readFileSync(join(root, path), "utf8")) as Record<string, unknown>;
  expect(read("cli/package.json")["bin"]).toEqual({
    "mlflow-instances": "bin/mlflow-instances.js",
  });
  // npx would install a root package with that bin into its cache first.
  expect(read("package.json")["bin"]).toBeUndefined();
  expect(read("package.json")["workspaces"]).toContain("cli");
});

test("says in one sentence what to do where the Node is missing", () => {
  const folder = mkdtempSync(join(tmpdir(), "bin-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "cli"));
  cpSync(dirname(bin), join(folder, "cli/bin"), { recursive: true });
  writeFileSync(join(folder, "cli/package.json"), '{ "type": "module" }');
  const { status, stderr } = run(join(folder, "cli/bin/mlflow-instances.js"), ["--help"]);
  expect(status).toBe(1);
  expect(stderr).toBe(
    `${join(folder, "node_modules/node/bin/node")} is missing; run \`npm ci\` in ${folder}.\n`,
  );
});

test("passes a signal on, and ends as interrupted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bin-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "page.md"), "# prod\n");
  let asked = (): void => undefined;
  const request = new Promise<void>((resolve) => (asked = resolve));
  // A Git host that never answers.
  const server = createServer(() => asked()).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  const child = spawn(
    foreignNode,
    [bin, "comment", "prod", "--file", join(folder, "page.md"), "--pull-request", "12"],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        PATH: foreignPath,
        CI_API_V4_URL: "",
        GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        GITHUB_REPOSITORY: "owner/name",
        GITHUB_TOKEN: "t",
      },
    },
  );
  let notes = "";
  child.stderr.on("data", (chunk: Buffer) => (notes += String(chunk)));
  await Promise.race([request, once(child, "exit")]);
  child.kill("SIGINT");
  const [code] = (await once(child, "exit")) as [number | null];
  expect({ code, notes }).toEqual({
    code: 130,
    notes: expect.stringContaining("Interrupted; what was not told yet is not told."),
  });
});

test("a former script ends with 2 and names the verb", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const answerTo = (script: string) => {
    const [program, file = "", ...words] = scripts[script]!.split(" ");
    expect(program).toBe("node");
    return run(foreignNode, [join(root, file), ...words, "dev"]);
  };
  expect(answerTo("preview")).toEqual({
    status: 2,
    stdout: "",
    stderr: "npm run preview is now: npx mlflow-instances preview\n",
  });
  expect(answerTo("preview-environment").stderr).toBe(
    "npm run preview-environment is now: npx mlflow-instances review-environment\n",
  );
});
