import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeGithub, fakeGitlab, type FakeForge } from "../comment/support/forges.ts";
import type { Operation } from "../support/fakePulumi.ts";
import {
  drift,
  failed,
  fence,
  found,
  gone,
  inRepository,
  nothingNew,
  quiet,
  sameComponent,
} from "./driftedStack.ts";

// The command with events in the engine's own form and no engine; test/engine/drift.test.ts has the
// engine.

inRepository();

describe.each([
  ["GitHub", fakeGithub],
  ["GitLab", fakeGitlab],
] as const)("npx mlflow-instances drift --issue on %s", (name, start) => {
  let forge: FakeForge;
  beforeEach(async () => {
    forge = await start();
  });
  afterEach(() => forge.close());
  const check = (refresh: Operation, preview = nothingNew) =>
    drift(refresh, preview, ["--issue"], forge.env);
  const drifted: Operation = { events: [sameComponent, ...found(fence)] };

  it("opens one issue, leaves it while the drift is the same, and closes it when the drift is gone", async () => {
    expect((await check(quiet)).notes).toContain(`${name}: issue absent\n`);
    expect((await check(drifted)).notes).toContain(`${name}: issue written\n`);
    expect((await check(drifted)).notes).toContain(`${name}: issue unchanged\n`);
    expect((await check({ events: [sameComponent, ...found(gone)] })).notes).toContain(
      `${name}: issue updated\n`,
    );
    expect(forge.issues).toMatchObject([{ title: "Drift in dev", open: true }]);
    expect((await check(quiet)).notes).toContain(`${name}: issue closed\n`);
    expect(forge.issues).toMatchObject([
      {
        open: false,
        body: expect.stringContaining("None: what runs is what the last update made"),
      },
    ]);
  });

  it("leaves the issue as it is when there is no verdict", async () => {
    await check(drifted);
    expect((await check({ events: [failed("no answer")], exitCode: 255 })).code).toBe(1);
    expect(forge.issues).toMatchObject([{ open: true, writes: 1 }]);
  });

  it("begins nothing without a forge to tell", async () => {
    const { code, calls } = await drift(drifted, nothingNew, ["--issue"]);
    expect({ code, calls }).toEqual({ code: 2, calls: [] });
  });
});
