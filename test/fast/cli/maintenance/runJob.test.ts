import { expect, test } from "vitest";
import { fakeCluster, pod } from "./support/fakeCluster.ts";
import { item, runOn, stamped, summary } from "./support/runOn.ts";

// A command from its first request to its exit code, against an API server of the test's own. That
// a real cluster answers like it is the engine test's business.

test("shows the events, passes other lines on as notes and ends with the container's code", async () => {
  const fake = await fakeCluster({
    pod: pod({ terminated: { exitCode: 0 } }),
    log: (answer) => answer.end(stamped(["starting", item, '{"no": "event"}', summary])),
  });
  const { code, people, machines, notes, error } = await runOn(fake);
  expect({ code, error }).toEqual({ code: 0, error: "" });
  expect(people).toEqual([
    "remove    run            r1                                         3 objects    2.0 KiB    deleted 2026-10-01 00:00 UTC  in experiment 7",
    "",
    "retention of shop (dry run: nothing was changed), took 4 s",
    "  to be removed: 1 run",
  ]);
  expect(machines).toEqual([item, summary]);
  expect(notes).toEqual([
    expect.stringMatching(/^Job retention-\d{8}t\d{6}-[0-9a-f]{6} in namespace mlflow-shop$/),
    "starting",
    '{"no": "event"}',
  ]);
  expect(fake.deleted).toEqual([]);
});

test("makes one Job from the CronJob's template, with the command in place and owned without control", async () => {
  const fake = await fakeCluster({ log: (answer) => answer.end(stamped([summary])) });
  await runOn(fake);
  expect(fake.created).toHaveLength(1);
  const { metadata, spec } = fake.created[0]!;
  expect(metadata?.ownerReferences).toEqual([
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      name: "retention",
      uid: "11111111-2222-3333-4444-555555555555",
      controller: false,
      blockOwnerDeletion: false,
    },
  ]);
  expect(metadata?.annotations).toMatchObject({
    "mlflow-instances/command": "mlflow-instance-retention --dry-run",
    "mlflow-instances/requested-by": expect.stringContaining("@"),
  });
  expect(spec).toMatchObject({
    backoffLimit: 0,
    ttlSecondsAfterFinished: 86_400,
    activeDeadlineSeconds: 14_400,
  });
  const [container] = spec!.template.spec!.containers;
  expect(container).toEqual({
    name: "maintenance",
    image: "registry.example.com/tracking-server:1",
    command: ["mlflow-instance-retention", "--dry-run"],
    env: [{ name: "MLFLOW_INSTANCE_NAME", value: "shop" }],
  });
});
