import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  KubeConfig,
  type CoreV1Event,
  type V1CronJob,
  type V1Job,
  type V1Pod,
} from "@kubernetes/client-node";
import { onTestFinished } from "vitest";
import { Cluster } from "../../../../../cli/job/cluster.ts";

/** What the API server answers; a test changes it while the command runs. */
export interface Script {
  cronJob: V1CronJob | undefined;
  /** Rights that are refused, such as `get pods/log`. */
  refused: string[];
  pod: V1Pod | undefined;
  events: CoreV1Event[];
  jobConditions: NonNullable<V1Job["status"]>["conditions"];
  /** Answers one request of the log. */
  log: (answer: ServerResponse, query: URLSearchParams) => void;
  /** Looks at each request first; true = it was answered here. */
  first: (method: string, path: string, answer: ServerResponse) => boolean;
}

export interface FakeCluster {
  readonly script: Script;
  readonly cluster: Cluster;
  /** Method and path of every request. */
  readonly requests: string[];
  readonly created: V1Job[];
  readonly deleted: string[];
}

/**
 * An API server of a test's own, over real HTTP on loopback. It knows only the few requests of the
 * maintenance commands; any other is a 500 with the request in it.
 */
export async function fakeCluster(
  change: Partial<Script> = {},
  limit = 2_000,
): Promise<FakeCluster> {
  const script: Script = {
    cronJob: cronJob(),
    refused: [],
    pod: pod({ terminated: { exitCode: 0 } }),
    events: [],
    jobConditions: [],
    log: (answer) => answer.end(),
    first: () => false,
    ...change,
  };
  const requests: string[] = [];
  const created: V1Job[] = [];
  const deleted: string[] = [];

  const server = createServer((request, answer) => void handle(request, answer));
  const handle = async (request: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? "", "http://x");
    const method = request.method ?? "";
    requests.push(`${method} ${path}`);
    if (script.first(method, path, answer)) return;
    const body = await textOf(request);
    const name = path.split("/").at(-1) ?? "";
    const json = (value: unknown, status = 200) =>
      answer.writeHead(status).end(JSON.stringify(value));
    const orNotFound = (value: unknown) =>
      value === undefined ? json({ message: `"${name}" not found` }, 404) : json(value);
    const job = created.find(({ metadata }) => metadata?.name === name);

    if (method === "GET" && path.includes("/cronjobs/")) return void orNotFound(script.cronJob);
    if (method === "POST" && path.endsWith("/selfsubjectaccessreviews")) {
      const { verb, resource, subresource } = JSON.parse(body).spec.resourceAttributes;
      const right = `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
      return void json({ status: { allowed: !script.refused.includes(right) } }, 201);
    }
    if (method === "POST" && path.endsWith("/jobs")) {
      created.push(JSON.parse(body) as V1Job);
      return void json(JSON.parse(body), 201);
    }
    if (method === "GET" && path.includes("/jobs/")) {
      return void orNotFound(
        job && !deleted.includes(name)
          ? { ...job, status: { conditions: script.jobConditions } }
          : undefined,
      );
    }
    if (method === "DELETE" && path.includes("/jobs/")) {
      deleted.push(name);
      return void json({});
    }
    if (method === "GET" && path.endsWith("/pods"))
      return void json({ items: script.pod === undefined ? [] : [script.pod] });
    if (method === "GET" && path.endsWith("/events")) return void json({ items: script.events });
    if (method === "GET" && path.endsWith("/log")) return script.log(answer.writeHead(200), query);
    json({ message: `unexpected ${method} ${path}` }, 500);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "c", server: `http://127.0.0.1:${port}`, skipTLSVerify: true }],
    users: [{ name: "u", token: "t" }],
    contexts: [{ name: "fake", cluster: "c", user: "u" }],
    currentContext: "fake",
  });
  return {
    script,
    cluster: new Cluster(config, { first: limit, usual: limit, create: limit }),
    requests,
    created,
    deleted,
  };
}

export function cronJob(): V1CronJob {
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: {
      name: "retention",
      namespace: "mlflow-shop",
      uid: "11111111-2222-3333-4444-555555555555",
    },
    spec: {
      schedule: "17 2 * * *",
      jobTemplate: {
        metadata: { labels: { "app.kubernetes.io/component": "retention" } },
        spec: {
          backoffLimit: 2,
          activeDeadlineSeconds: 14_400,
          template: {
            metadata: { labels: { "app.kubernetes.io/component": "retention" } },
            spec: {
              restartPolicy: "Never",
              serviceAccountName: "retention",
              containers: [
                {
                  name: "maintenance",
                  image: "registry.example.com/tracking-server:1",
                  command: ["mlflow-instance-retention"],
                  args: ["--scheduled"],
                  env: [{ name: "MLFLOW_INSTANCE_NAME", value: "shop" }],
                },
              ],
            },
          },
        },
      },
    },
  };
}

type State = NonNullable<
  NonNullable<NonNullable<V1Pod["status"]>["containerStatuses"]>[number]["state"]
>;

/** A pod whose container is in a state; without one it isn't created yet. */
export function pod(state: State | undefined, status: V1Pod["status"] = {}): V1Pod {
  const container = { name: "maintenance", image: "i", imageID: "", ready: false, restartCount: 0 };
  return {
    metadata: { name: "retention-1-abcde" },
    status: {
      phase: "Pending",
      ...(state === undefined ? {} : { containerStatuses: [{ ...container, state }] }),
      ...status,
    },
  };
}

export function warning(reason: string, message: string, lastTimestamp = new Date()): CoreV1Event {
  return { type: "Warning", reason, message, lastTimestamp, metadata: {}, involvedObject: {} };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
