import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dump, goldenFolder } from "./dump.ts";
import { environments } from "./environments.ts";

// After a wanted change: `npm run golden -- --write`, then read the diff.
test.each(environments)("%s is what its golden says", async (environment) => {
  const folder = goldenFolder(environment);
  const written = Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );
  const now = Object.fromEntries(await dump(environment));
  expect(Object.keys(now).sort()).toEqual(Object.keys(written).sort());
  for (const [file, text] of Object.entries(now)) expect(text, file).toBe(written[file]);
  // Every secret of the fixture begins like this; the ids of keys are no secrets.
  expect(Object.values(now).join()).not.toMatch(
    /fixture-(secret|postgresqlAdminPassword|objectStoreSecretAccessKey|tlsPrivateKey)|password[0-9a-f]{24}|master-password/,
  );
});
