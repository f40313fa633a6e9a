import { expect, test } from "vitest";
import { restoreDeleted } from "../../../../cli/maintenance/restoreDeleted.ts";
import { oneOffJob } from "../../../../cli/job/jobManifest.ts";
import { cronJob } from "./support/fakeCluster.ts";

const make = (commandLine: readonly string[]) =>
  oneOffJob(cronJob(), {
    command: "restore-deleted",
    commandLine,
    requestedBy: "ada@desk",
    time: new Date("2026-11-22T14:05:09.123Z"),
    suffix: "a1b2c3",
  });

test("is named by command and time", () => {
  expect(make(["x"]).metadata?.name).toBe("restore-deleted-20261122t140509-a1b2c3");
});

test("takes what a user types as it is: no shell, and none of Kubernetes' own replacements", () => {
  const typed = 'a b; rm -rf / $(MLFLOW_BACKEND_STORE_URI) $HOME "q" `x` $$';
  const [container] = make(restoreDeleted(typed).commandLine).spec!.template.spec!.containers;
  expect(container?.command?.[0]).toBe("mlflow-instance-restore");
  // Kubernetes reads $$ as $.
  expect(container?.command?.[1]?.replaceAll("$$", "$")).toBe(typed);
  expect(container?.command?.[1]).toContain("$$(MLFLOW_BACKEND_STORE_URI)");
});

test("keeps every other container and every field that this clone doesn't know", () => {
  const given = cronJob();
  const podSpec = given.spec.jobTemplate.spec!.template.spec!;
  Object.assign(podSpec, { fieldOfTheFuture: { a: 1 } });
  podSpec.containers.push({ name: "sidecar", image: "s", command: ["s"] });
  const job = oneOffJob(given, {
    command: "c",
    commandLine: ["x"],
    requestedBy: "r",
    time: new Date(0),
    suffix: "s",
  });
  expect(job.spec?.template.spec).toMatchObject({
    fieldOfTheFuture: { a: 1 },
    serviceAccountName: "retention",
    containers: [
      { name: "maintenance", command: ["x"] },
      { name: "sidecar", command: ["s"] },
    ],
  });
});

test("leaves the CronJob that it was given as it was", () => {
  const given = cronJob();
  oneOffJob(given, {
    command: "c",
    commandLine: ["x"],
    requestedBy: "r",
    time: new Date(0),
    suffix: "s",
  });
  expect(given).toEqual(cronJob());
});
