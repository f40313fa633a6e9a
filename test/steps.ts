import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// What `npm test` and `npm run check` are made of: commands whose tests are counted.

/** Passed and failed tests, of one step or of many. */
export interface Counts {
  passed: number;
  failed: number;
}

const none: Counts = { passed: 0, failed: 0 };

export const add = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
});

/** Runs a command with its output on the terminal. */
export const inForeground = (command: string, args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });

/** Runs a command and shows its output when it has ended. */
export const inBackground = (
  title: string,
  command: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve, reject) => {
    const began = Date.now();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [output, stdout] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      output += String(chunk);
      stdout += String(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => {
      const seconds = Math.round((Date.now() - began) / 1000);
      console.log(
        `\n== ${title} (${seconds} s, beside the tests above and below)\n${output.trimEnd()}\n`,
      );
      resolve({ code: code ?? 1, stdout });
    });
  });

/** A check without tests of its own counts as one. */
async function check(title: string, args: readonly string[]): Promise<Counts> {
  const { code } = await inBackground(title, process.execPath, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

const caches = "node_modules/.cache/check";
// The native one takes a third of the time. It has no API for dependency-cruiser yet, which has
// typescript 6.
const compiler = "node_modules/typescript7/bin/tsc";

const fileChecks = (cached: boolean): { title: string; args: string[] }[] => [
  {
    title: "types",
    args: [
      compiler,
      "--noEmit",
      ...(cached ? ["--incremental", "--tsBuildInfoFile", `${caches}/types.json`] : []),
    ],
  },
  {
    title: "types of the example",
    args: [compiler, "--noEmit", "-p", "examples/typescript"],
  },
  {
    title: "lint",
    args: ["node_modules/oxlint/bin/oxlint"],
  },
  {
    title: "format",
    args: [
      "node_modules/prettier/bin/prettier.cjs",
      "--check",
      "--log-level",
      "warn",
      ...(cached ? ["--cache", "--cache-location", `${caches}/format.json`] : []),
      ".",
    ],
  },
  {
    title: "spelling",
    args: [
      "node_modules/cspell/bin.mjs",
      "lint",
      "--config",
      "test/spelling/cspell.json",
      "--no-progress",
      "--no-summary",
      ...(cached ? ["--cache", "--cache-location", `${caches}/spelling.json`] : []),
    ],
  },
  { title: "Markdown", args: ["node_modules/markdownlint-cli2/markdownlint-cli2-bin.mjs"] },
  { title: "files of stacks/", args: ["test/userFiles.ts"] },
  {
    title: "who imports whom",
    args: [
      "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
      "--config",
      ".dependency-cruiser.js",
      ".",
    ],
  },
];

/**
 * The checks that look at files only. `cached`: with what the last run on this machine has found.
 */
export const staticChecks = ({ cached }: { cached: boolean }): Promise<Counts> =>
  lane(
    ...fileChecks(cached).map(
      ({ title, args }) =>
        () =>
          check(title, args),
    ),
  );

export type Run = (args: readonly string[]) => Promise<number>;

/** Files and options of vitest, as `npm test -- …` has them. */
export const chosen = process.argv.slice(2);
let testsFound = 0;

/** How many tests vitest has found in all. */
export const foundTests = (): number => testsFound;

export async function vitest(run: Run, args: readonly string[]): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-test-"));
  const file = join(folder, "result.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    // A choice of no test is told by the command's last line; without a choice, a lane that finds
    // no test has failed.
    const mayBeNone = chosen.length > 0 ? ["--passWithNoTests"] : [];
    const code = await run([
      "node_modules/vitest/vitest.mjs",
      "run",
      ...args,
      ...mayBeNone,
      ...reporters,
      ...chosen,
    ]);
    const result = JSON.parse(await readFile(file, "utf8")) as {
      numTotalTests: number;
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numFailedTestSuites: number;
    };
    testsFound += result.numTotalTests;
    // A file that can't be loaded, a set-up that fails or a skipped test has no failed test of its
    // own, yet nothing was proved.
    const failed = Math.max(result.numFailedTests, code === 0 ? 0 : 1) + result.numPendingTests;
    return { passed: result.numPassedTests, failed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One step after the other. */
export async function lane(...steps: (() => Promise<Counts>)[]): Promise<Counts> {
  let counts = none;
  for (const step of steps) counts = add(counts, await step());
  return counts;
}
