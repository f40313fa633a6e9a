#!/usr/bin/env node
// Starts the command line with this project's own Node, whatever `node` is on PATH. Plain
// JavaScript: an older Node reads this file.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(realpathSync(fileURLToPath(import.meta.url)))));
const main = join(root, "cli", "main.ts");
const programs = join(root, "node_modules", ".bin");
const node = join(root, "node_modules", "node", "bin", "node");

if (!existsSync(node)) {
  console.error(`${node} is missing; run \`npm ci\` in ${root}.`);
  process.exitCode = 1;
} else {
  // The engine starts `node`, and setup-ci puts `pulumi` beside it.
  const path = (process.env.PATH || "").split(delimiter);
  if (path[0] !== programs) process.env.PATH = [programs].concat(path).join(delimiter);
  if (realpathSync(process.execPath) === realpathSync(node)) {
    process.argv[1] = main;
    await import(main);
  } else {
    const child = spawn(node, [main].concat(process.argv.slice(2)), { stdio: "inherit" });
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => {
      console.error(`${node} can't be started: ${error.message}`);
      process.exitCode = 1;
    });
    child.on("exit", (code, signal) => {
      process.exitCode = signal === null ? code : 128 + constants.signals[signal];
    });
  }
}
