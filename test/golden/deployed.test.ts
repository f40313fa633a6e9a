import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dump } from "./dump.ts";
import { environments } from "./environments.ts";
import { identitiesIn } from "./identities.ts";

// What stacks have in their state since 2026-11-29 (6616ed9). A resource of it that gets another
// type, name, parent or identity would be made anew and the old one deleted: no update of this
// project may do that by itself. The recording is never written again; what an update is meant to
// replace is taken out of it by hand, with its reason in the CHANGELOG.

const recording = join(import.meta.dirname, "..", "fixtures", "deployed", "identities.json");
const recorded = JSON.parse(readFileSync(recording, "utf8")) as Record<
  string,
  Record<string, object>
>;

test.each(environments)("what is deployed in %s stays what it is", async (environment) => {
  const now = identitiesIn((await dump(environment)).get("fraud-detector.yaml")!);
  const before = recorded[environment]!;
  expect(Object.keys(before).length).toBeGreaterThan(35);
  expect(Object.fromEntries(Object.keys(before).map((key) => [key, now[key]]))).toEqual(before);
});
