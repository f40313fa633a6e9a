import { describe, expect, it } from "vitest";
import { name, stack } from "../support/parcelForecast.ts";
import { impossible } from "./operations/impossible.ts";
import { orphans } from "./operations/orphans.ts";
import { purge } from "./operations/purge.ts";
import { retentionAndRestoring } from "./operations/retention.ts";
import { setScene, type } from "./operations/scene.ts";

// The platform team's commands as they are typed, on a real instance. What the jobs select and
// remove is proved by the tests of retention, stale runs and orphans; here it is that the commands
// reach them, show what they say, and change nothing when they must not.

setScene();
retentionAndRestoring();
purge();
orphans();

describe("stale-runs", () => {
  it("lists in a dry run, with the other CronJob's own login", async () => {
    const { code, output, notes } = await type(["stale-runs", stack, name, "--dry-run"]);
    expect({ code, notes }).toMatchObject({ code: 0 });
    expect(output).toMatch(/^stale-runs of parcel-forecast \(dry run: nothing was changed\)/m);
  });
});

impossible();
