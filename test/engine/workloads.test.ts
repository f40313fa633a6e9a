import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Deployed } from "../../local/commands/up.ts";
import { soon } from "../support/dates.ts";
import { cluster } from "./support/cluster.ts";
import { engineStack, instanceOf, tokenOf, type Engine } from "./support/engine.ts";
import { engineContext } from "./support/context.ts";
import { https } from "./support/http.ts";
import { oidcIssuer } from "./support/oidcIssuer.ts";
import { runPython } from "./support/python.ts";

// Proves that a pod and a job of an OpenID issuer get in without a stored secret, and nobody else
// with a token of theirs.

const name = "parcel-checks";
const serving = "workloads-serving";
const file = `
team: payments
owner: payments@example.com
description: Checks of parcels
tier: sandbox
replicas: 2
workers: 2
tokens:
  keeper: { role: manage, expires: ${soon} }
workloads:
  scoring: { issuer: kubernetes, role: read, match: { namespace: ${serving}, serviceAccount: scorer } }
  training: { issuer: company, role: edit, match: { sub: job-training } }
`;

let engine: Engine;
let deployed: Deployed;
const issuer = oidcIssuer(engineContext().platform.profile);
const uri = (): string => instanceOf(deployed, name).trackingUri;
const caPath = (): string => deployed.platform.caPath;
const ask = (token: string, path = "experiments/search?max_results=1") =>
  https(`${uri()}/api/2.0/mlflow/${path}`, { caPath: caPath(), token });
const kubectl = async (...args: string[]): Promise<string> => {
  const { code, output } = await cluster(deployed).kubectl(args);
  expect(code, output).toBe(0);
  return output.trim();
};
const accountToken = (account: string, audience: string, namespace = serving): Promise<string> =>
  kubectl("create", "token", account, "--namespace", namespace, "--audience", audience);
const logged = async (): Promise<string> =>
  kubectl(
    ...["logs", "--namespace", `mlflow-${name}`, "--prefix"],
    ...["--selector", "app.kubernetes.io/component=tracking-server", "--tail", "1000"],
  );
const runAs = (token: string, program: string) =>
  runPython(deployed.python, program, { trackingUri: uri(), token, caPath: caPath() });

beforeAll(async () => {
  await issuer.start("RS256");
  engine = await engineStack("workloads", (environment) => ({
    ...environment,
    monitoring: { namespace: "observability" },
    identity: {
      issuers: {
        ...environment["identity"].issuers,
        company: { url: issuer.url, cidrs: [issuer.cidr], bounds: { sub: ["job-*"] } },
      },
    },
  }));
  await engine.instance(name, file);
  deployed = await engine.up();
  await kubectl("create", "namespace", serving);
  for (const account of ["scorer", "other"])
    await kubectl("create", "serviceaccount", account, "--namespace", serving);
});

afterAll(async () => {
  await engine.remove();
  await cluster(deployed).kubectl(["delete", "namespace", serving]);
  await issuer.stop();
});

describe("a pod's account", () => {
  it("opens the instance that names it, with its role, for the unmodified client", async () => {
    const token = await accountToken("scorer", uri());
    const read = await runAs(token, "import mlflow; print(len(mlflow.search_experiments()))");
    expect(read).toEqual({ code: 0, output: expect.stringMatching(/^[1-9]\d*\n$/) });
    const wrote = await runAs(token, "import mlflow; mlflow.create_experiment('by-scorer')");
    expect(wrote.output).toContain("This needs a token with role edit");
  });

  it("opens it with nothing else: another account, namespace or audience", async () => {
    for (const token of [
      await accountToken("other", uri()),
      await accountToken("default", uri(), "default"),
      await accountToken("scorer", "https://another.mlflow.test"),
      await kubectl("create", "token", "scorer", "--namespace", serving),
    ])
      expect((await ask(token)).status).toBe(401);
    const lines = await logged();
    expect(lines).toContain("refused=no-workload:kubernetes ");
    expect(lines).toContain("refused=wrong-audience ");
    expect(lines).toContain(" 200 token=workload:scoring ");
  });
});

describe("a job of an OpenID issuer", () => {
  it("opens it for the unmodified client, and what it makes says which job made it", async () => {
    const { code, output } = await runAs(
      await issuer.token(uri(), caPath()),
      `
import mlflow
with mlflow.start_run(tags={"verified.workload": "forged", "own": "kept"}) as run:
    mlflow.log_metric("m", 1)
try:
    mlflow.MlflowClient().set_tag(run.info.run_id, "verified.workload", "forged")
except mlflow.MlflowException as error:
    print(error.error_code)
tags = mlflow.get_run(run.info.run_id).data.tags
print(dict(sorted(item for item in tags.items() if not item[0].startswith("mlflow."))))
`,
    );
    expect(code, output).toBe(0);
    expect(output).toContain("INVALID_PARAMETER_VALUE");
    expect(output).toContain(
      "{'own': 'kept', 'verified.issuer': 'company', 'verified.user': 'job-training', 'verified.workload': 'training'}",
    );
  });

  it("opens it when the issuer goes over to its next key, without one refused request", async () => {
    const before = await issuer.token(uri(), caPath());
    await issuer.start("ES256");
    const tokens = [before, await issuer.token(uri(), caPath())];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, index) => ask(tokens[index % 2]!)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it("goes on while the issuer is away", async () => {
    const token = await issuer.token(uri(), caPath());
    await issuer.stop();
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

it("the metrics tell of all of them", async () => {
  const text = await cluster(deployed).python(
    `mlflow-${name}`,
    "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9464/metrics').read().decode())",
  );
  expect(text).toMatch(/^mlflow_instance_workers 2\.0$/m);
  expect(text).toMatch(
    /^mlflow_instance_requests_total\{role="edit",route="search",status="200"\} \d/m,
  );
  expect(text).toContain(
    'token_expires_timestamp_seconds{generation="1",role="manage",token="keeper"}',
  );
});

it("a token of the instance works beside them", async () => {
  expect((await ask(tokenOf(instanceOf(deployed, name), "keeper"))).status).toBe(200);
});
