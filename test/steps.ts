import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

// What `npm test` and `npm run check` are made of: commands whose tests are counted.

/** Passed and failed tests, of one step or of many. */
export interface Counts {
  passed: number;
  failed: number;
  /** A paragraph for each failure: the test's name, and the first lines of its message. */
  failures: string[];
}

const none: Counts = { passed: 0, failed: 0, failures: [] };

export const add = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  failures: [...a.failures, ...b.failures],
});

/**
 * The end of a run: its failures once more, since the steps' output above may have tens of thousands
 * of lines and a pipeline often shows the last of them only; then the line with the counts.
 */
export function conclude({ passed, failed, failures }: Counts): void {
  if (failures.length > 0) console.log(`\n== failed\n\n${failures.join("\n\n")}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

/** The lines of a failure's paragraph that tell enough of it: a stack trace is above. */
export const paragraph = (name: string, message: string): string => {
  // eslint-disable-next-line no-control-regex -- what colours a terminal's text
  const lines = message.replaceAll(/\u001B\[[\d;]*m/g, "").split("\n");
  const told = lines.filter((line) => line.trim() !== "").slice(0, 12);
  return [name, ...told.map((line) => `  ${line.slice(0, 300)}`)].join("\n");
};

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
  const { code, stdout } = await inBackground(title, process.execPath, args);
  return code === 0
    ? { ...none, passed: 1 }
    : { passed: 0, failed: 1, failures: [paragraph(title, stdout)] };
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

interface VitestResult {
  numTotalTests: number;
  numPassedTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/**
 * What has not passed, by file and test. A skipped test has proved nothing; a file that can't be
 * loaded, or a set-up that fails, has no failed test of its own.
 */
const failuresOf = ({ testResults }: VitestResult): string[] =>
  testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults
      .filter((test) => test.status !== "passed")
      .map((test) =>
        paragraph(`${file} > ${test.fullName}`, test.failureMessages[0] ?? test.status),
      );
    return tests.length === 0 && status === "failed" ? [paragraph(file, message)] : tests;
  });

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
    const result = JSON.parse(await readFile(file, "utf8")) as VitestResult;
    testsFound += result.numTotalTests;
    const failures = failuresOf(result);
    if (code !== 0 && failures.length === 0)
      failures.push("vitest: an error outside of every test, see above");
    return { passed: result.numPassedTests, failed: failures.length, failures };
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
