import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs every kind of test, one after the other (the machine may have two cores), and ends with one line of all counts. */
interface Counts {
  passed: number;
  failed: number;
}

const exec = (command: string, args: readonly string[], capture?: (text: string) => void): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", capture ? "pipe" : "inherit", "inherit"] });
    child.stdout?.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      capture?.(String(chunk));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });

/** A check without tests of its own counts as one. */
async function check(title: string, args: readonly string[]): Promise<Counts> {
  console.log(`\n== ${title}`);
  const code = await exec(process.execPath, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function vitest(): Promise<Counts> {
  console.log("\n== vitest");
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-test-"));
  const file = join(folder, "result.json");
  try {
    const code = await exec(process.execPath, [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
      ...process.argv.slice(2),
    ]);
    const result = JSON.parse(await readFile(file, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numFailedTestSuites: number;
    };
    // A file that can't be loaded, a set-up that fails or a skipped test has no failed test of its own, yet nothing was proved.
    const failed = Math.max(result.numFailedTests, code === 0 ? 0 : 1) + result.numPendingTests;
    return { passed: result.numPassedTests, failed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pytest(): Promise<Counts> {
  console.log("\n== pytest (images/tracking-server)");
  let output = "";
  const code = await exec("images/tracking-server/run-tests.sh", [], (text) => {
    output += text;
  });
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(output.trimEnd().split("\n").at(-1) ?? "")?.[1] ?? 0);
  const failed = count("failed") + count("error") + count("errors") + count("skipped");
  return { passed: count("passed"), failed: code === 0 ? failed : Math.max(1, failed) };
}

const steps: (() => Promise<Counts>)[] = [
  () => check("types", ["node_modules/typescript/bin/tsc", "--noEmit"]),
  () => check("lint", ["node_modules/eslint/bin/eslint.js", "."]),
  () => check("format", ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."]),
  vitest,
  pytest,
];

const total: Counts = { passed: 0, failed: 0 };
for (const step of steps) {
  const { passed, failed } = await step();
  total.passed += passed;
  total.failed += failed;
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
