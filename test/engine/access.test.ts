import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Deployed } from "../../local/commands/up.ts";
import type { StackValues } from "../../local/stack/values.ts";
import { soon } from "../support/dates.ts";
import { cluster } from "./support/cluster.ts";
import { engineStack, instanceOf, nameOf, tokenOf, type Engine } from "./support/engine.ts";
import { https } from "./support/http.ts";
import { runPython } from "./support/python.ts";
import { eventually } from "./support/eventually.ts";

// Proves what the running server answers to each kind of credential on each of its routes, and that
// no secret lies about in clear.

const file = (tokens: string): string => `
team: payments
owner: payments@example.com
description: Checks of card payments
tier: sandbox
tokens:
${tokens}
`;
const all = file(`
  reader: { role: read, expires: ${soon} }
  ci: { role: edit, expires: ${soon} }
  keeper: { role: manage, expires: ${soon} }
  last-year: { role: admin, expires: 2025-12-31 }
  leaver: { role: edit, expires: ${soon} }
`);

/** The next value of one, with the value before for a while. */
const rotated = all.replace(
  /ci: .*/,
  `ci: { role: edit, expires: ${soon}, generation: 2, previousValidUntil: ${soon}, deliverTo: { namespace: access-training, name: mlflow } }`,
);

const name = "card-checks";
let engine: Engine;
let deployed: Deployed;
let values: StackValues;
/** The first value of the token that is rotated. */
let first: string;
const uri = (): string => instanceOf(deployed, name).trackingUri;
const api = (path: string): string => `${uri()}/api/2.0/mlflow/${path}`;
const as = (token: string) => ({
  token: tokenOf(instanceOf(deployed, name), token),
  caPath: deployed.platform.caPath,
});
const anonymous = () => ({ caPath: deployed.platform.caPath });
const search = "experiments/search?max_results=1";
const logs = ["logs", "--namespace", `mlflow-${name}`, "deployment/mlflow", "--all-containers"];
const serverPods = () =>
  cluster(deployed).pods(`mlflow-${name}`, "app.kubernetes.io/component=tracking-server");

const answersWithin = (milliseconds: number, token: string, status: number): Promise<void> =>
  eventually(milliseconds, async () => {
    expect((await https(api(search), { ...anonymous(), token })).status).toBe(status);
  });

async function delivered(): Promise<string> {
  const path = "jsonpath={.data.credentials}";
  const from = ["--namespace", "access-training", "secret", "mlflow"];
  const { output } = await cluster(deployed).kubectl(["get", ...from, "--output", path]);
  return Buffer.from(output, "base64").toString();
}

/** One request after the other with a token; `end` gives what they were answered. */
function requests(token: string, most = Infinity) {
  const statuses = new Set<number>();
  let [count, last] = [0, most];
  const sent = (async () => {
    for (; count < last; count += 1)
      statuses.add((await https(api(search), { ...anonymous(), token })).status);
  })();
  return {
    async end() {
      if (last === Infinity) last = count;
      await sent;
      return { statuses, count };
    },
  };
}

beforeAll(async () => {
  engine = await engineStack("access");
  await engine.instance(name, all);
  deployed = await engine.up();
  values = await engine.values();
});

afterAll(async () => {
  await engine.remove();
  await cluster(deployed).kubectl(["delete", "namespace", "access-training"]);
});

describe("a token", () => {
  it("opens the server while it is valid", async () => {
    for (const token of ["reader", "ci", "keeper", "leaver"])
      expect((await https(api(search), as(token))).status, token).toBe(200);
  });

  it("is needed", async () => {
    const answer = await https(api(search), anonymous());
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toMatch(/^Basic realm=/);
  });

  it("must be one that was given out", async () => {
    const { token } = as("ci");
    const wrong = `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`;
    for (const bad of [wrong, token.slice(0, -1), `${token}x`, "", "null", token.toUpperCase()]) {
      expect(
        (await https(api(search), { ...anonymous(), token: bad })).status,
        `a token of ${bad.length} characters`,
      ).toBe(401);
    }
  });

  it("is refused after its date, whatever its role", async () => {
    expect((await https(api(search), as("last-year"))).status).toBe(401);
  });

  it("works as a password, so that a browser can open the same URL", async () => {
    const basic = Buffer.from(`anyone:${as("reader").token}`).toString("base64");
    const page = await https(`${uri()}/`, {
      ...anonymous(),
      headers: { authorization: `Basic ${basic}` },
    });
    expect(page.status).toBe(200);
    expect(page.body).toContain("<title>MLflow</title>");
  });

  it("may do what its role says", async () => {
    const post = (path: string, token: string, body: unknown) =>
      https(api(path), { method: "POST", body, ...as(token) });
    expect((await post("experiments/create", "reader", { name: "by-reader" })).status).toBe(403);
    const created = await post("experiments/create", "ci", { name: "by-ci" });
    expect(created.status).toBe(200);
    const { experiment_id } = JSON.parse(created.body) as { experiment_id: string };
    expect((await post("experiments/search", "reader", { max_results: 10 })).status).toBe(200);
    expect((await post("experiments/delete", "ci", { experiment_id })).status).toBe(403);
    expect((await post("experiments/delete", "keeper", { experiment_id })).status).toBe(200);
  });

  it("is rotated without one refused request, and no pod restarts for that", async () => {
    const before = await serverPods();
    first = as("ci").token;
    await cluster(deployed).kubectl(["create", "namespace", "access-training"]);
    const load = requests(first);
    await engine.instance(name, rotated);
    expect((await engine.preview()).map(({ op, urn }) => `${op} ${nameOf(urn)}`).sort()).toEqual([
      `create ${name}-token-ci-delivery`,
      `create ${name}-token-ci-g2`,
      `update ${name}-token-hashes`,
    ]);
    deployed = await engine.up();
    const { token } = as("ci");
    expect(token).not.toBe(first);
    await answersWithin(5_000, token, 200);
    const [withOld, withNew] = [await load.end(), await requests(token, 300).end()];
    expect(withOld.count).toBeGreaterThan(200);
    expect([...withOld.statuses, ...withNew.statuses]).toEqual([200, 200]);
    expect(await serverPods()).toEqual(before);
    expect(await delivered()).toBe(
      `[mlflow]\nmlflow_tracking_username = ci\nmlflow_tracking_password = ${token}\n`,
    );
  });

  it("is refused within 5 s where it is taken away, and so is the value before the present", async () => {
    const before = await serverPods();
    const gone = [as("leaver").token, first];
    await engine.instance(
      name,
      rotated.replace(/.*leaver.*\n/, "").replace(/, previousValidUntil: [\d-]+/, ""),
    );
    deployed = await engine.up();
    await Promise.all(gone.map((token) => answersWithin(5_000, token, 401)));
    expect((await https(api(search), as("ci"))).status).toBe(200);
    expect(await serverPods()).toEqual(before);
    expect((await cluster(deployed).kubectl(logs)).output).toMatch(
      / 401 token=- refused=revoked:(leaver\/1|ci\/1) /,
    );
  });
});

describe("every route of the running server", () => {
  it("answers 401 without a credential, but for the health check", async () => {
    // The image's own tests know how to ask MLflow for its routes; here the question is put to the
    // very image that runs.
    const walker = await readFile("images/tracking-server/tests/support/mlflow_routes.py", "utf8");
    const output = await cluster(deployed).python(
      `mlflow-${name}`,
      `${walker}\nimport json\nprint(json.dumps(all_routes()))`,
    );
    const routes = JSON.parse(output.split("\n").at(-1) ?? "[]") as [
      method: string,
      path: string,
    ][];
    expect(routes.length).toBeGreaterThan(400);
    const open: string[] = [];
    const left = [...routes, ["GET", "/health/ready"] as const];
    const asker = async (): Promise<void> => {
      for (let route = left.pop(); route !== undefined; route = left.pop()) {
        const [method, path] = route;
        const { status } = await https(`${uri()}${path}`, { method, ...anonymous() });
        if (status !== 401 && status !== 403) open.push(`${method} ${path} ${status}`);
      }
    };
    // A request waits most of its time for the way to the server.
    await Promise.all(Array.from({ length: 6 }, asker));
    expect(open.sort()).toEqual(["GET /health 200", "GET /health/ready 200"]);
  });
});

const allArguments =
  "import glob; print([open(path).read() for path in glob.glob('/proc/[0-9]*/cmdline')])";

describe("secrets", () => {
  const secrets = (): [string, string][] => [
    ...instanceOf(deployed, name).tokens.map(({ name: token, value }): [string, string] => [
      `token ${token}`,
      value,
    ]),
    ...Object.entries(values.secrets).flatMap(([key, value]): [string, string][] =>
      key === "artifactStoreKeys"
        ? Object.entries(JSON.parse(value) as Record<string, { secretAccessKey: string }>).map(
            ([instance, keys]) => [`S3 key of ${instance}`, keys.secretAccessKey],
          )
        : key === "tlsCertificate"
          ? []
          : // A PEM text is broken over lines: its second line is as good as all of it.
            [[key, value.includes("\n") ? (value.split("\n")[1] ?? value) : value]],
    ),
  ];
  const databasePassword = async (): Promise<string> => {
    const backend = await cluster(deployed).variable(`mlflow-${name}`, "MLFLOW_BACKEND_STORE_URI");
    return new URL(backend.replace(/^postgresql\+\w+:/, "postgresql:")).password;
  };
  const found = async (text: string): Promise<string[]> => {
    const each: [string, string][] = [
      ...secrets(),
      ["database password", await databasePassword()],
    ];
    for (const [what, value] of each) expect(value.length, what).toBeGreaterThan(15);
    return each
      .filter(
        ([, value]) =>
          text.includes(value) ||
          text.includes(Buffer.from(value).toString("base64").replace(/=+$/, "").slice(0, -1)),
      )
      .map(([what]) => what);
  };

  it("are not in the stack's state", async () => {
    expect(await found(await engine.pulumi.run(["stack", "export", "--stack", "access"]))).toEqual(
      [],
    );
  });

  it("are in the state's secret form, so that the check above can find them", async () => {
    const shown = await engine.pulumi.run([
      "stack",
      "export",
      "--show-secrets",
      "--stack",
      "access",
    ]);
    expect(await found(shown)).toContain("token ci");
    expect(await found(shown)).toContain("database password");
  });

  it("are in no Kubernetes object but Secrets, and in no process's arguments or log", async () => {
    expect(await found(await cluster(deployed).manifestsWithoutSecrets(`mlflow-${name}`))).toEqual(
      [],
    );
    const { output } = await cluster(deployed).kubectl(logs);
    expect(output.length).toBeGreaterThan(100);
    expect(await found(output)).toEqual([]);
    expect(await found(await cluster(deployed).python(`mlflow-${name}`, allArguments))).toEqual([]);
  });
});

describe("the unmodified client", () => {
  it("says clearly that a token was refused", async () => {
    const { code, output } = await runPython(
      deployed.python,
      "import mlflow; mlflow.MlflowClient().search_experiments()",
      {
        trackingUri: uri(),
        token: "wrong",
        caPath: deployed.platform.caPath,
      },
    );
    expect(code).not.toBe(0);
    expect(output).toMatch(/401/);
  });
});
