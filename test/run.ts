import {
  add,
  chosen,
  conclude,
  foundTests,
  inBackground,
  inForeground,
  lane,
  paragraph,
  staticChecks,
  vitest,
  type Counts,
} from "./steps.ts";

/**
 * Runs every kind of test in two lanes beside each other and ends with one line of all counts. The
 * engine's tests wait for pods most of their time, so what needs no cluster (static checks, the
 * image's tests) runs in the meantime; its output is shown in one piece at each step's end. Both have
 * the same priority, so that they end at about the same time: with a lower one the image's tests
 * were starved, and then went on alone. With files or options of vitest it runs what they choose,
 * and nothing beside it.
 */

/** With a cluster, or needing all processors: on the terminal. */
function mainTests(): Promise<Counts> {
  console.log("\n== vitest");
  return vitest(
    (args) => inForeground(process.execPath, args),
    ["--project", "fast*", "--project", "services", "--project", "engine"],
  );
}

/** What the engine says of the policy packs. */
const judgedTests = (): Promise<Counts> =>
  vitest(
    async (args) =>
      (await inBackground("vitest (policy packs on the engine)", process.execPath, args)).code,
    ["--project", "judged"],
  );

async function pytest(): Promise<Counts> {
  const { code, stdout } = await inBackground(
    "pytest (images/tracking-server)",
    "images/tracking-server/run-tests.sh",
    [],
  );
  const lines = stdout.trimEnd().split("\n");
  const count = (word: string): number =>
    Number(new RegExp(`(\\d+) ${word}`).exec(lines.at(-1) ?? "")?.[1] ?? 0);
  const failed = count("failed") + count("error") + count("errors") + count("skipped");
  const failures = lines
    .filter((line) => /^(?:FAILED|ERROR) tests\//.test(line))
    .map((line) => paragraph(`images/tracking-server: ${line}`, ""));
  if (code !== 0 && failures.length === 0)
    failures.push(paragraph("pytest", lines.slice(-12).join("\n")));
  return { passed: count("passed"), failed: code === 0 ? failed : Math.max(1, failed), failures };
}

async function everything(): Promise<Counts> {
  const [withoutCluster, withCluster] = await Promise.all([
    lane(() => staticChecks({ cached: false }), pytest, judgedTests),
    lane(mainTests),
  ]);
  return add(withoutCluster, withCluster);
}

const total =
  chosen.length > 0
    ? await vitest((args) => inForeground(process.execPath, args), [])
    : await everything();
if (foundTests() === 0 && total.failed === 0) {
  total.failed = 1;
  total.failures.push(`no test is chosen by: ${chosen.join(" ")}`);
}
conclude(total);
