import { expect, test } from "vitest";
import { databaseBackupOutlastsRetention } from "../../../../policies/retention/databaseBackupOutlastsRetention.ts";
import { stackContract } from "../contract.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";
import { instance } from "../instances.ts";
import { judgeStack, unknown, type Given } from "../support.ts";

const server = (days: unknown, props: object = {}, type = "aws:rds/instance:Instance"): Given => ({
  type,
  name: "postgresql",
  urn: "urn:postgresql",
  props: { engine: "postgres", backupRetentionPeriod: days, replicateSourceDb: "", ...props },
});
const plan = (...days: (number | undefined)[]): Given => ({
  type: "aws:backup/plan:Plan",
  name: "backups",
  urn: "urn:backups",
  props: {
    rules: days.map((deleteAfter) =>
      deleteAfter === undefined ? {} : { lifecycle: { deleteAfter } },
    ),
  },
});
const stack = (...more: Given[]) => [...instance(), ...more];
const keeping = (days: string) =>
  instance("shop", {
    namespace: namespace({}, { "mlflow-instances/deleted-experiment-retention": days }),
  });
const verdict = async (given: Given[]) =>
  (await judgeStack(databaseBackupOutlastsRetention, given)).violations;

stackContract(databaseBackupOutlastsRetention, {
  passes: {
    "as long": stack(server(30)),
    "a cluster": stack(server(35, { engine: "aurora-postgresql" }, "aws:rds/cluster:Cluster")),
    "a plan that keeps longer than the server": stack(server(7), plan(7, 90)),
    "a server that keeps longer than the plan": stack(server(30), plan(7)),
    "a plan that keeps for ever": stack(plan(undefined)),
    "a platform that declares nothing": instance(),
    "no instance": [foreignNamespace, server(0)],
  },
  breaks: stack(server(7)),
  message:
    "urn:postgresql: postgresql keeps automated backups for 7 days, less than the 30 days of shop; set backupRetentionPeriod to 30 or more.",
  unknown: [
    { given: stack(server(unknown)), later: ["backupRetentionPeriod"] },
    {
      given: [...keeping(unknown), ...instance("search"), server(7)],
      later: ["metadata.annotations.mlflow-instances/deleted-experiment-retention"],
      violations: [
        "urn:postgresql: postgresql keeps automated backups for 7 days, less than the 30 days of search; set backupRetentionPeriod to 30 or more.",
      ],
    },
  ],
  ignores: {
    "another engine": stack(server(0, { engine: "mysql" })),
    "a replica": stack(server(30), server(0, { replicateSourceDb: "postgresql" })),
    "another type": stack(server(0, {}, "aws:rds/snapshot:Snapshot")),
  },
});

test("backups that are off, a plan that is short, and what RDS can't keep", async () => {
  expect(await verdict(stack(server(undefined)))).toEqual([
    "urn:postgresql: postgresql keeps automated backups for 0 days, less than the 30 days of shop; set backupRetentionPeriod to 30 or more.",
  ]);
  expect(await verdict(stack(plan(7, 14)))).toEqual([
    "urn:backups: backups keeps automated backups for 14 days, less than the 30 days of shop; set rules[].lifecycle.deleteAfter to 30 or more.",
  ]);
  expect(await verdict([...keeping("90d"), server(35)])).toEqual([
    "urn:postgresql: postgresql keeps automated backups for 35 days, less than the 90 days of shop; RDS keeps at most 35, so add an aws.backup.Plan whose rules[].lifecycle.deleteAfter is 90 or more.",
  ]);
});

test("every instance that is kept longer is named", async () => {
  expect(await verdict([...keeping("60d"), ...instance("search"), server(14)])).toEqual([
    "urn:postgresql: postgresql keeps automated backups for 14 days, less than the 60 days of shop, search; RDS keeps at most 35, so add an aws.backup.Plan whose rules[].lifecycle.deleteAfter is 60 or more.",
  ]);
});
