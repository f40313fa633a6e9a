import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";
import { openCluster, openContext } from "../../../../cli/job/openCluster.ts";
import { failure, Refusal } from "../../../../cli/refusal.ts";
import { endOf } from "../../../../cli/endOfCommand.ts";
import { ExitCode } from "../../../../cli/exitCode.ts";
import { findTarget } from "../../../../cli/job/target.ts";
import { secretKeys } from "../../../../program/values/secretKeys.ts";
import { httpsServer, issue, listen, portOf } from "../../program/preflight/fakes.ts";
import { fixtureValues, folderWith } from "../../program/support.ts";

const instance = "team: shop\nowner: a@example.com\ndescription: d\n";

/**
 * A project with one stack and its instance files; secrets are set, and encrypted as Pulumi writes
 * them.
 */
function project(values: unknown = fixtureValues(), config: Record<string, unknown> = {}): string {
  const secrets = Object.fromEntries(
    Object.keys(secretKeys).map((key) => [`mlflow-instances:${key}`, { secure: "v1:abc:def" }]),
  );
  const stack = {
    config: { "aws:region": "x", "mlflow-instances:environment": values, ...secrets, ...config },
  };
  return folderWith({
    "stacks/Pulumi.local.yaml": stringify(stack),
    "stacks/Pulumi.staging.yaml": "config: {}\n",
    "stacks/instances/local/fraud-detector.yaml": instance,
    "stacks/instances/local/search-ranker.yml": "this is: [no instance",
    "stacks/instances/local/README.md": "",
    "elsewhere/shop.yaml": instance,
  });
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    expect(endOf(error).exitCode).toBe(ExitCode.Wrong);
    return (error as Refusal).message;
  }
  throw new Error("nothing was refused");
}

test("an instance is found with its cluster, without Pulumi and without opening a secret", () => {
  expect(findTarget(project(), "local", "fraud-detector")).toEqual({
    stack: "local",
    instance: "fraud-detector",
    namespace: "mlflow-fraud-detector",
    place: { kubeconfig: "/fixture/kubeconfig", context: "mlflow-local" },
  });
});

test("an instance whose file has an error of its own is still looked after", () => {
  expect(findTarget(project(), "local", "search-ranker").namespace).toBe("mlflow-search-ranker");
});

test("the stack's own folder of instances and a relative kubeconfig are taken from the project's root", () => {
  const values = fixtureValues() as { platform: { kubernetes: { kubeconfig: string } } };
  values.platform.kubernetes.kubeconfig = "keys/config";
  const root = project(values, { "mlflow-instances:instancesFolder": "elsewhere" });
  expect(findTarget(root, "local", "shop").place).toMatchObject({
    kubeconfig: join(root, "keys/config"),
  });
});

test.each(["loca", "../stacks/local", "local.yaml", ""])(
  "unknown stack %j: those that exist are listed, the nearest first",
  (name) => {
    const message = refusal(() => findTarget(project(), name, "shop"));
    expect(message).toMatch(
      /^There is no stack ".*"; those with a file in stacks\/ are: (local, staging|staging, local)\.$/,
    );
  },
);

test("unknown instance: those of the stack are listed, the nearest first", () => {
  const message = refusal(() => findTarget(project(), "local", "serch-rankr"));
  expect(message).toMatch(
    /^Stack local has no instance "serch-rankr"; those with a file in .*instances\/local\/ are: search-ranker, fraud-detector\.$/,
  );
});

test("a wrong stack file is refused with each place", () => {
  const values = fixtureValues() as { platform: { kind: string } };
  values.platform.kind = "gke";
  expect(refusal(() => findTarget(project(values), "local", "fraud-detector"))).toMatch(
    /^Wrong input for stack local; nothing was changed:\n {2}.*Pulumi\.local\.yaml:\d+:\d+ mlflow-instances:environment\.platform\.kind: is "gke", not one of existing, aws$/,
  );
  expect(
    refusal(() => findTarget(folderWith({ "stacks/Pulumi.local.yaml": "a: [" }), "local", "x")),
  ).toMatch(/Pulumi\.local\.yaml:1:\d+ /);
});

test("a secret in plain text is refused without being shown", () => {
  const root = project(fixtureValues(), {
    "mlflow-instances:postgresqlAdminPassword": "hunter2-Xyzzy",
  });
  const message = refusal(() => findTarget(root, "local", "fraud-detector"));
  expect(message).toContain("postgresqlAdminPassword: is in plain text");
  expect(message).not.toContain("hunter2");
});

/** A stack on AWS whose cluster has a name only; AWS' answers come from a server of the test. */
async function eksProject(
  answer: (path: string) => { status: number; type?: string; body: object },
): Promise<string> {
  const ca = await issue("authority");
  const server = httpsServer(await issue("loopback", "127.0.0.1", ca), (request) => {
    const { status, type, body } = answer(request.url ?? "");
    return {
      status,
      headers: type === undefined ? {} : { "x-amzn-errortype": type },
      body: JSON.stringify(body),
    };
  });
  await listen(server);
  onTestFinished(() => void server.close());
  const values = fixtureValues("aws") as { platform: Record<string, unknown> };
  delete values.platform["profile"];
  values.platform["kubernetes"] = { clusterName: "mlflow-dev" };
  values.platform["artifactStore"] = { endpoints: { eks: `https://127.0.0.1:${portOf(server)}` } };
  values.platform["caBundle"] = ca.pem.cert;
  vi.stubEnv("AWS_ACCESS_KEY_ID", "a");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "b");
  onTestFinished(() => void vi.unstubAllEnvs());
  return folderWith({
    "stacks/Pulumi.dev.yaml": stringify({ config: { "mlflow-instances:environment": values } }),
    "stacks/instances/dev/fraud-detector.yaml": instance,
  });
}

test("an EKS cluster that the stack names is found by asking AWS", async () => {
  const root = await eksProject(() => ({
    status: 200,
    body: {
      cluster: {
        name: "mlflow-dev",
        endpoint: "https://127.0.0.1:1",
        certificateAuthority: { data: "" },
      },
    },
  }));
  const cluster = await openCluster(findTarget(root, "dev", "fraud-detector").place);
  expect(cluster.where).toBe("the cluster of context mlflow-dev (https://127.0.0.1:1)");
});

test("an EKS cluster that AWS doesn't know is said with those that it knows", async () => {
  const root = await eksProject((path) =>
    path.includes("mlflow-dev")
      ? { status: 404, type: "ResourceNotFoundException", body: { message: "No cluster found" } }
      : { status: 200, body: { clusters: ["shared", "batch"] } },
  );
  await expect(openCluster(findTarget(root, "dev", "fraud-detector").place)).rejects.toThrow(
    failure(
      "The EKS cluster mlflow-dev in eu-central-1 can't be found out: there is no such cluster; the region has shared, batch.",
    ),
  );
});

const kubeconfig = (change: Record<string, unknown> = {}) =>
  stringify({
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "dev", context: { cluster: "c", user: "u" } }],
    ...change,
  });
const opening = (text: string | undefined, context = "dev") => {
  const file = join(folderWith({}), "kubeconfig");
  if (text !== undefined) writeFileSync(file, text);
  return () => openContext({ kubeconfig: file, context });
};

test.each([
  ["no kubeconfig", undefined, /^There is no kubeconfig file .*\/kubeconfig\.$/],
  ["no YAML", "a: [", /is no kubeconfig file: /],
  ["an empty file", "", /is no kubeconfig file: .*empty/],
  ["another file", "~", /is no kubeconfig file: it has no clusters, users and contexts$/],
  [
    "no such context",
    kubeconfig({ contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }] }),
    /has no context "dev"; it has prod\.$/,
  ],
  [
    "no such cluster",
    kubeconfig({ clusters: [] }),
    /the cluster "c" of context dev has no server\.$/,
  ],
  ["no such user", kubeconfig({ users: [] }), /the user "u" of context dev isn't in the file\.$/],
])("%s is said in one line", (_what, text, words) => {
  const message = refusal(opening(text));
  expect(message).toMatch(words);
  expect(message.split("\n")).toHaveLength(1);
});

test("a cluster where nothing listens is said at once", async () => {
  await expect(opening(kubeconfig())().json("/version")).rejects.toThrow(
    "the cluster of context dev (https://127.0.0.1:1) can't be reached: connection refused: nothing listens there",
  );
});

test("a cluster that accepts connections and never answers is given up within 5 s", async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const clusters = [{ name: "c", cluster: { server: `https://127.0.0.1:${port}` } }];
  const start = Date.now();
  await expect(
    opening(kubeconfig({ clusters }))().json("/version", { limit: "first" }),
  ).rejects.toThrow(/^no answer from the cluster of context dev .* within 3 s$/);
  expect(Date.now() - start).toBeLessThan(4_500);
});
