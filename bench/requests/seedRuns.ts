import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

/** The settings of the load generator (load.py) for a server, and the token that it sends. */
export interface Target {
  readonly settings: {
    readonly host: string;
    readonly ca: string;
    /** The experiment whose runs are read; nothing is added to it. */
    readonly experiment: string;
    readonly runs: readonly string[];
    /** The experiment that grows. */
    readonly other: string;
    /** A run for each client that logs. */
    readonly targets: readonly string[];
  };
  readonly token: string | undefined;
}

interface Access {
  readonly uri: string;
  readonly token: string | undefined;
  readonly caPath: string;
}

const runCount = 50;
const metricCount = 20;

/**
 * 50 runs of 20 metrics each, 10 parameters and 3 tags, and a run for each client that will log.
 */
export async function seedRuns(access: Access, clients: number): Promise<Target> {
  const ca = await readFile(access.caPath, "utf8");
  const post = <T>(path: string, body: object): Promise<T> =>
    postJson<T>(access, ca, `/api/2.0/mlflow/${path}`, body);
  const experiment = async (name: string): Promise<string> =>
    (await post<{ experiment_id: string }>("experiments/create", { name })).experiment_id;
  const run = async (experiment_id: string): Promise<string> =>
    (
      await post<{ run: { info: { run_id: string } } }>("runs/create", {
        experiment_id,
        start_time: 1,
      })
    ).run.info.run_id;
  const numbered = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));

  await answering(() => post("experiments/search", { max_results: 1 }));
  const read = await experiment("bench-read");
  const runs: string[] = [];
  for (let index = 0; index < runCount; index += 1) {
    const run_id = await run(read);
    await post("runs/log-batch", {
      run_id,
      metrics: numbered(metricCount, (key) => ({
        key: `m${key}`,
        value: key / 7,
        timestamp: 1_700_000_000_000 + key,
        step: key,
      })),
      params: numbered(10, (key) => ({ key: `p${key}`, value: String(key) })),
      tags: numbered(3, (key) => ({ key: `t${key}`, value: "v" })),
    });
    runs.push(run_id);
  }
  const other = await experiment("bench-write");
  const targets: string[] = [];
  for (let index = 0; index < clients; index += 1) targets.push(await run(other));
  return {
    settings: {
      host: new URL(access.uri).hostname,
      ca: access.caPath,
      experiment: read,
      runs,
      other,
      targets,
    },
    token: access.token,
  };
}

/**
 * A pod that was replaced answers for some seconds after its successor is ready: until the ingress
 * has asked only the new one ten times.
 */
async function answering(ask: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + 90_000;
  for (let answers = 0; answers < 10;) {
    try {
      await ask();
      answers += 1;
    } catch (error) {
      if (performance.now() > until) throw error;
      answers = 0;
    }
    await sleep(300);
  }
}

function postJson<T>({ uri, token }: Access, ca: string, path: string, body: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const sent = request(
      new URL(path, uri),
      { method: "POST", headers, ca, timeout: 60_000 },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.on("end", () =>
          answer.statusCode === 200
            ? resolve(JSON.parse(text) as T)
            : reject(new Error(`${path}: ${answer.statusCode} ${text}`)),
        );
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`${path}: no answer within 60 s`)));
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}
