import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs every kind of test in two lanes beside each other and ends with one line of all counts. The engine's tests wait for pods most of their time, so what needs
 * no cluster (static checks, the image's tests) runs in the meantime, with the lower priority; its output is shown in one piece at each step's end.
 */
interface Counts {
  passed: number;
  failed: number;
}

const none: Counts = { passed: 0, failed: 0 };

const add = (a: Counts, b: Counts): Counts => ({ passed: a.passed + b.passed, failed: a.failed + b.failed });

/** Runs a command with its output on the terminal. */
const inForeground = (command: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });

/** Runs a command and shows its output when it has ended. */
const inBackground = (title: string, command: string, args: readonly string[]): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve, reject) => {
    const began = Date.now();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    let [output, stdout] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      output += String(chunk);
      stdout += String(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => {
      const seconds = Math.round((Date.now() - began) / 1000);
      console.log(`\n== ${title} (${seconds} s, beside the tests above and below)\n${output.trimEnd()}\n`);
      resolve({ code: code ?? 1, stdout });
    });
  });

/** A check without tests of its own counts as one. */
async function check(title: string, args: readonly string[]): Promise<Counts> {
  const { code } = await inBackground(title, process.execPath, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

type Run = (args: readonly string[]) => Promise<number>;

/** Files and options of vitest, as `npm test -- …` has them. */
const chosen = process.argv.slice(2);
let testsFound = 0;

async function vitest(run: Run, args: readonly string[]): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-test-"));
  const file = join(folder, "result.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    // What names a file of one lane leaves none for the other; without a choice, a lane that finds no test has failed.
    const mayBeNone = chosen.length > 0 ? ["--passWithNoTests"] : [];
    const code = await run(["node_modules/vitest/vitest.mjs", "run", ...args, ...mayBeNone, ...reporters, ...chosen]);
    const result = JSON.parse(await readFile(file, "utf8")) as {
      numTotalTests: number;
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numFailedTestSuites: number;
    };
    testsFound += result.numTotalTests;
    // A file that can't be loaded, a set-up that fails or a skipped test has no failed test of its own, yet nothing was proved.
    const failed = Math.max(result.numFailedTests, code === 0 ? 0 : 1) + result.numPendingTests;
    return { passed: result.numPassedTests, failed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With a cluster, or needing all processors: on the terminal. */
function mainTests(): Promise<Counts> {
  console.log("\n== vitest");
  return vitest((args) => inForeground(process.execPath, args), ["--project", "unit", "--project", "engine"]);
}

/** What the engine says of the policy packs. */
const judgedTests = (): Promise<Counts> =>
  vitest(async (args) => (await inBackground("vitest (policy packs on the engine)", process.execPath, args)).code, ["--project", "judged"]);

async function pytest(): Promise<Counts> {
  const { code, stdout } = await inBackground("pytest (images/tracking-server)", "images/tracking-server/run-tests.sh", []);
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(stdout.trimEnd().split("\n").at(-1) ?? "")?.[1] ?? 0);
  const failed = count("failed") + count("error") + count("errors") + count("skipped");
  return { passed: count("passed"), failed: code === 0 ? failed : Math.max(1, failed) };
}

async function lane(...steps: (() => Promise<Counts>)[]): Promise<Counts> {
  let counts = none;
  for (const step of steps) counts = add(counts, await step());
  return counts;
}

const [withoutCluster, withCluster] = await Promise.all([
  lane(
    () => check("types", ["node_modules/typescript/bin/tsc", "--noEmit"]),
    () => check("types of the example", ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "examples/typescript"]),
    () => check("lint", ["node_modules/eslint/bin/eslint.js", "."]),
    () => check("format", ["node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."]),
    pytest,
    judgedTests,
  ),
  lane(mainTests),
]);
const total = add(withoutCluster, withCluster);
if (testsFound === 0 && total.failed === 0) {
  console.log(`\nno test is chosen by: ${chosen.join(" ")}`);
  total.failed = 1;
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
