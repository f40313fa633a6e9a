import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "policies");
const require = createRequire(import.meta.url);

const ruleFiles = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter(
    (entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.includes("node_modules") && entry.parentPath !== folder,
  )
  .map((entry) => basename(entry.name, ".ts"));

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

test("each rule has a spec of its own", () => {
  const specs = readdirSync(import.meta.dirname).map((file) => basename(file, ".test.ts"));
  expect(specs).toEqual(expect.arrayContaining(ruleFiles));
});

// Started as the language host does it, and asked as the engine does: proves that the pack runs without a type check and holds every rule.
test("the pack starts and offers every rule as mandatory", async () => {
  const sdk = dirname(require.resolve("@pulumi/pulumi/package.json"));
  const child = spawn(process.execPath, [join(sdk, "cmd", "run-policy-pack"), "127.0.0.1:1", folder], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill());
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
    child.once("exit", (code) => reject(new Error(`the pack ended with ${code}: ${errors}`)));
  });
  const { AnalyzerClient } = require("@pulumi/pulumi/proto/analyzer_grpc_pb.js");
  const { Empty } = require("google-protobuf/google/protobuf/empty_pb.js");
  const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const info = await new Promise<{ toObject(): { policiesList: { name: string; enforcementlevel: number }[] } }>((resolve, reject) =>
    client.getAnalyzerInfo(new Empty(), (error: Error | null, reply: never) => (error ? reject(error) : resolve(reply))),
  );
  const mandatory = 1;
  expect(info.toObject().policiesList.map(({ name, enforcementlevel }) => [name, enforcementlevel])).toEqual(
    expect.arrayContaining(ruleFiles.map((file) => [kebab(file), mandatory])),
  );
  expect(info.toObject().policiesList).toHaveLength(ruleFiles.length);
});
