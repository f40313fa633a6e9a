import { add, foundTests, inForeground, lane, staticChecks, vitest } from "./steps.ts";

/**
 * Everything that needs no root, no service and no network, in two lanes for two processors. The
 * last line has the counts of both.
 */
const [ofTypes, ofTests] = await Promise.all([
  staticChecks({ cached: true }),
  lane(() => {
    console.log("\n== vitest (fast)");
    return vitest((args) => inForeground(process.execPath, args), ["--project", "fast*"]);
  }),
]);
const { passed, failed } = add(ofTypes, ofTests);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && foundTests() > 0 ? 0 : 1;
