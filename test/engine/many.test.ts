import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokenText } from "../../components/internal/tokenFile.ts";
import { logFirstRun } from "../../local/client/firstRun.ts";
import { upArguments } from "../../local/stack/deploy.ts";
import { PulumiError } from "../../local/stack/pulumi.ts";
import { cluster } from "./support/cluster.ts";
import { soon } from "../support/dates.ts";
import { engineStack, instanceOf, tokenOf, type Engine } from "./support/engine.ts";
import { eventually } from "./support/eventually.ts";
import { https } from "./support/http.ts";
import { manyNames, smallInstance } from "./support/manyInstances.ts";

// Proves of an environment of many new instances, in the order of a bad day: an `up` is killed
// half-way, the next one finds an instance that can't be made and makes all others, and the last
// one finishes that one, too. Six instances, as each costs two processors some 8 s; `npm run bench`
// does an `up` of twenty.

/**
 * The cluster's own rules admit no Deployment in its namespace: no check beforehand can know, and
 * the instance can't be made.
 */
const unlucky = "claim-counter";
const names = manyNames.slice(0, 6);
const others = names.filter((name) => name !== unlucky);
/** Has a second token, which is revoked while the environment is not whole. */
const [revoking = ""] = others;
const withSpare = (text: string): string => `${text}  spare: { role: read, expires: ${soon} }\n`;
let engine: Engine;

beforeAll(async () => {
  engine = await engineStack("many");
  for (const name of names) await engine.instance(name, fileOf(name));
  await engine.instance(revoking, withSpare(fileOf(revoking)));
  await engine.configure();
  await kubectl(["apply", "-f", "-"], JSON.stringify(denial));
  // A policy takes effect some moments after it is there.
  await eventually(30_000, async () => {
    const { output } = await cluster(engine).kubectl(
      ["create", "--dry-run=server", "-f", "-"],
      JSON.stringify(denied),
    );
    expect(output).toContain(reason);
  });
});

afterAll(async () => {
  const kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy";
  await kubectl(["delete", kinds, rule.name, "--ignore-not-found"]);
  await engine.remove();
});

const fileOf = (name: string): string => smallInstance(`Models of the ${name.replace("-", " ")}`);

const reason = "no server of this name";
const inNamespace = `has(object.metadata.namespace) && object.metadata.namespace == "mlflow-${unlucky}"`;
const rule = { name: "no-server-of-claim-counter" };
const denied = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "denied", namespace: "default", labels: { denied: "true" } },
  spec: {
    selector: { matchLabels: { a: "b" } },
    template: {
      metadata: { labels: { a: "b" } },
      spec: { containers: [{ name: "a", image: "a" }] },
    },
  },
};
const denial = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: rule,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: ["apps"],
              apiVersions: ["v1"],
              operations: ["CREATE"],
              resources: ["deployments"],
            },
          ],
        },
        validations: [
          { expression: `!(${inNamespace}) && object.metadata.name != "denied"`, message: reason },
        ],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: rule,
      spec: { policyName: rule.name, validationActions: ["Deny"] },
    },
  ],
};

async function kubectl(args: readonly string[], input?: string): Promise<void> {
  const { code, output } = await cluster(engine).kubectl(args, input);
  if (code !== 0) throw new Error(output);
}

/** Names of the instances that have a server, or of those whose server fits the filter. */
async function servers(filter = "*"): Promise<string[]> {
  const { code, output } = await cluster(engine).kubectl([
    ...[
      "get",
      "deployments",
      "--all-namespaces",
      "--selector",
      "app.kubernetes.io/component=tracking-server",
    ],
    ...["--output", `jsonpath={range .items[${filter}]}{.metadata.namespace}{"\\n"}{end}`],
  ]);
  if (code !== 0) throw new Error(output);
  return names.filter((name) => output.split("\n").includes(`mlflow-${name}`));
}

const ready = (): Promise<string[]> => servers("?(@.status.availableReplicas==1)");

/**
 * Status of an instance's answer over HTTPS, at the address that the ingress has and with the
 * instance's host.
 */
async function statusOf(name: string, path = "/health", token?: string): Promise<number> {
  const { caPath, nodeIp, domain } = engine.platform;
  const host = `${name}.${domain}`;
  return (
    await https(`https://${nodeIp}${path}`, {
      caPath,
      servername: host,
      headers: { host },
      ...(token === undefined ? {} : { token }),
    })
  ).status;
}

interface Resource {
  readonly urn: string;
  readonly outputs?: { readonly result?: { readonly plaintext?: string } };
}

interface State {
  readonly resources: readonly Resource[];
  readonly pending_operations?: readonly { readonly type: string; readonly resource: Resource }[];
}

async function state(): Promise<State> {
  const text = await engine.pulumi.run(["stack", "export", "--show-secrets", "--stack", "many"]);
  return (JSON.parse(text) as { deployment: State }).deployment;
}

/** The spare token, while the state has it. */
async function spareToken(): Promise<string | undefined> {
  const { resources } = await state();
  const found = resources.find(({ urn }) => /:RandomPassword::.*\bspare\b/.test(urn));
  return found === undefined
    ? undefined
    : tokenText(JSON.parse(found.outputs?.result?.plaintext ?? "null") as string);
}

/** An `up` that ends with an error for the one instance that can't be made. */
async function upFailing(): Promise<void> {
  const error: unknown = await engine.up().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PulumiError))
    throw new Error(`expected pulumi up to fail, got ${String(error)}`);
  expect(error.output).toContain(reason);
}

describe("an up of many new instances", () => {
  it("that is killed half-way leaves what it was making, and more that it had not begun", async () => {
    const child = spawn(engine.cli.cliPath, [...upArguments(engine.pulumi), "--non-interactive"], {
      cwd: engine.pulumi.project.folder,
      env: { ...process.env, ...engine.pulumi.env },
      stdio: "ignore",
      // A process group of its own: the engine, the program and the plugins all go at once.
      detached: true,
    });
    const exited = once(child, "exit");
    try {
      // The engine waits for a server until it answers, some seconds from here.
      await eventually(180_000, async () => expect(await servers()).not.toEqual([]));
      expect(child.exitCode).toBeNull();
    } finally {
      if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
      await exited;
    }
    const { resources, pending_operations: pending = [] } = await state();
    const creating = pending.filter(
      ({ type, resource }) =>
        type === "creating" && others.some((name) => resource.urn.includes(name)),
    );
    expect(creating).not.toEqual([]);
    expect(resources.filter(({ urn }) => urn.includes("apps/v1:Deployment::")).length).toBeLessThan(
      others.length,
    );
  });

  it("makes all others when one can't be made, and says which", async () => {
    await upFailing();
    expect(await ready()).toEqual(others);
    await eventually(30_000, async () =>
      expect(await Promise.all(others.map((name) => statusOf(name)))).toEqual(
        others.map(() => 200),
      ),
    );
  });

  it("revokes a token at once while one can't be made; what the state has of it goes with the first whole one", async () => {
    const token = await spareToken();
    expect(token).toBeDefined();
    const search = "/api/2.0/mlflow/experiments/search?max_results=1";
    expect(await statusOf(revoking, search, token)).toBe(200);
    await engine.instance(revoking, fileOf(revoking));
    await upFailing();
    // The server reads the mounted Secret again when the kubelet has written it: up to 60 s and its
    // own 5 s.
    await eventually(90_000, async () => expect(await statusOf(revoking, search, token)).toBe(401));
    expect(await spareToken()).toBe(token);
  });

  it("is finished by the next one when the reason is gone", async () => {
    for (const kind of ["validatingadmissionpolicybinding", "validatingadmissionpolicy"])
      await kubectl(["delete", kind, rule.name]);
    const deployed = await engine.up();
    expect(deployed.instances.map(({ name }) => name)).toEqual(names);
    expect(await spareToken()).toBeUndefined();
    const instance = instanceOf(deployed, unlucky);
    const client = {
      trackingUri: instance.trackingUri,
      token: tokenOf(instance, "ci"),
      caPath: deployed.platform.caPath,
    };
    expect((await logFirstRun(deployed.python, client)).alias).toBe("champion");
    expect(await engine.preview()).toEqual([]);
  });
});
