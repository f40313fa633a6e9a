import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Row } from "./table.ts";

const script = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  "images",
  "tracking-server",
  "bench_token.sh",
);

const names: Record<string, { what: string; bound: string }> = {
  token_check_1_token: { what: "token check per request, 1 token declared", bound: "1 ms" },
  token_check_100_tokens: { what: "token check per request, 100 tokens declared", bound: "1 ms" },
  token_layer_10_tokens: {
    what: "the whole layer per request, access log included, 10 tokens",
    bound: "1 ms",
  },
  token_layer_with_metrics: {
    what: "the same, with the metrics counted",
    bound: "1 ms",
  },
  mlflow_basic_auth: {
    what: "MLflow's own basic auth beside it: one password check",
    bound: "none, for comparison",
  },
};

/**
 * Milliseconds per request of the token check and, in the same run, of MLflow's basic auth; the
 * script gives medians of its own rounds.
 */
export async function tokenCheck(): Promise<Row[]> {
  const { stdout } = await promisify(execFile)("sh", [script]);
  return stdout
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [name = "", microseconds = ""] = line.split(" ");
      const known = names[name];
      return known === undefined
        ? []
        : [{ ...known, figures: [Number(microseconds) / 1000], unit: "ms" }];
    });
}
