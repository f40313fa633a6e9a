import { add, conclude, foundTests, inForeground, lane, staticChecks, vitest } from "./steps.ts";

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
const total = add(ofTypes, ofTests);
if (foundTests() === 0 && total.failed === 0) {
  total.failed = 1;
  total.failures.push("vitest found no test");
}
conclude(total);
