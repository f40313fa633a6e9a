import { expect, test } from "vitest";
import { dataHolderIsProtected } from "../../../../policies/reliability/dataHolderIsProtected.ts";
import { bucket } from "../compliantBucket.ts";
import { database, databaseServer, role, server } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown, type Given } from "../support.ts";

const open = (given: Given): Given => ({ ...given, opts: { protect: false } });
const message = (kind: string, name: string) =>
  `urn:1: The ${kind} ${name} of instance shop is not protected; set the resource option protect: true (to delete the instance, write delete: shop into its file).`;
const sandbox = namespace({ "mlflow-instances/tier": "sandbox" });
const ofServer =
  "urn:0: The Instance postgresql holds databases and is not protected; set the resource option protect: true.";

stackContract(dataHolderIsProtected, {
  passes: {
    "protected data": [namespace(), bucket, database, role, databaseServer],
    "a sandbox": [sandbox, open(bucket), open(database), open(role)],
    "an instance that is being deleted": [
      namespace({}, { "mlflow-instances/deletion": "prepared" }),
      open(bucket),
      open(role),
    ],
    "a review environment": [namespace({ "mlflow-instances/environment": "pr-12" }), open(bucket)],
  },
  breaks: [namespace(), open(bucket)],
  message: message("Bucket", "shop-bucket"),
  // Whether a resource is protected is always known.
  unknown: [
    {
      given: [namespace(), open({ ...bucket, props: { bucket: unknown } })],
      later: [],
      violations: [message("Bucket", "shop-bucket")],
    },
  ],
  ignores: {
    "what holds no data": [namespace(), open(server)],
    "a bucket of no instance": [open({ ...bucket, name: "other", props: {} })],
  },
});

test.each([
  ["Database", "shop-database", database],
  ["Role", "shop-database-role", role],
  [
    "Cluster",
    "shop-cluster",
    { ...databaseServer, type: "aws:rds/cluster:Cluster", name: "shop-cluster" },
  ],
])("a %s", async (kind, name, given) => {
  expect((await judgeStack(dataHolderIsProtected, [namespace(), open(given)])).violations).toEqual([
    message(kind, name),
  ]);
});

test("a database server of all instances", async () => {
  const urn = (stack: string) => ({
    ...open(databaseServer),
    urn: `urn:pulumi:${stack}::mlflow-instances::x::postgresql`,
  });
  expect((await judgeStack(dataHolderIsProtected, [open(databaseServer)])).violations).toEqual([
    ofServer,
  ]);
  expect(await judgeStack(dataHolderIsProtected, [urn("pr-12")])).toEqual(clean);
});

test("the configuration asks it of the sandboxes of an environment, or of any", async () => {
  const live = namespace({
    "mlflow-instances/tier": "sandbox",
    "mlflow-instances/environment": "live",
  });
  expect(await judgeStack(dataHolderIsProtected, [live, open(bucket)])).toEqual(clean);
  const ofLive = { config: { asked: { environments: { live: true } } } };
  expect(
    (await judgeStack(dataHolderIsProtected, [live, open(bucket)], ofLive)).violations,
  ).toEqual([message("Bucket", "shop-bucket")]);
  const config = { asked: { tiers: { sandbox: true } } };
  expect(
    (await judgeStack(dataHolderIsProtected, [sandbox, open(bucket)], { config })).violations,
  ).toEqual([message("Bucket", "shop-bucket")]);
  expect(
    await judgeStack(dataHolderIsProtected, [namespace(), open(bucket)], {
      config: { asked: { default: false } },
    }),
  ).toEqual(clean);
});
