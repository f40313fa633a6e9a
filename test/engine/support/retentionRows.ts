import type { Database, Row } from "./instanceState.ts";

interface Gone {
  readonly experiments: ReadonlySet<string>;
  readonly runs: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
  readonly traces: ReadonlySet<string>;
}

const ofRun = ["runs", "tags", "params", "metrics", "latest_metrics"];
const ofExperiment = [
  ...[
    "experiments",
    "experiment_tags",
    "datasets",
    "scorers",
    "online_scoring_configs",
    "label_schemas",
    "review_queues",
    "issues",
  ],
  ...[
    "sql_trace_metric_daily_rollups",
    "sql_span_cost_daily_rollups",
    "sql_assessment_daily_rollups",
    "sql_trace_rollup_rebuild_queue",
  ],
];
const ofModel = ["logged_models", "logged_model_params", "logged_model_tags"];
const ofTrace: Record<string, string> = {
  ...{
    trace_info: "request_id",
    trace_tags: "request_id",
    trace_request_metadata: "request_id",
    trace_metrics: "request_id",
  },
  ...{ assessments: "trace_id", spans: "trace_id", span_metrics: "trace_id" },
};
const ofQueue = ["review_queue_items", "review_queue_users", "review_queue_label_schemas"];

/**
 * The rows of every table that are left when things go: those that are, or that mean, something
 * that is gone go with it; everything else is as it was.
 */
export function removedRows(
  database: Database,
  gone: Gone,
): ReadonlyMap<string, readonly string[]> {
  const has = (set: ReadonlySet<string>, value: unknown): boolean =>
    (typeof value === "string" && set.has(value)) ||
    (typeof value === "number" && set.has(String(value)));
  const idsOf = (table: string, id: string): ReadonlySet<string> =>
    new Set(
      database
        .rows(table)
        .flatMap((row) => (has(gone.experiments, row["experiment_id"]) ? [String(row[id])] : [])),
    );
  const scorers = idsOf("scorers", "scorer_id");
  const queues = idsOf("review_queues", "queue_id");
  const inputGoes = (row: Row): boolean =>
    ["source_id", "destination_id"].some(
      (column) => has(gone.runs, row[column]) || has(gone.models, row[column]),
    );
  const inputs = new Set(
    database.rows("inputs").flatMap((row) => (inputGoes(row) ? [String(row["input_uuid"])] : [])),
  );
  const livingInputs = new Set(
    database.rows("inputs").flatMap((row) => (inputGoes(row) ? [] : [String(row["input_uuid"])])),
  );
  const means = (type: unknown, id: unknown): boolean =>
    (type === "run" && has(gone.runs, id)) ||
    (type === "trace" && has(gone.traces, id)) ||
    (type === "experiment" && has(gone.experiments, id)) ||
    (type === "logged_model" && has(gone.models, id));

  const goes = (table: string, row: Row): boolean => {
    if (ofRun.includes(table)) return has(gone.runs, row["run_uuid"]);
    if (ofExperiment.includes(table)) return has(gone.experiments, row["experiment_id"]);
    if (ofModel.includes(table)) return has(gone.models, row["model_id"]);
    if (table in ofTrace) return has(gone.traces, row[ofTrace[table] ?? ""]);
    switch (table) {
      case "scorer_versions":
        return has(scorers, row["scorer_id"]);
      case "inputs":
        return inputGoes(row);
      case "input_tags":
        return has(inputs, row["input_uuid"]) && !has(livingInputs, row["input_uuid"]);
      case "entity_associations":
        return (
          means(row["source_type"], row["source_id"]) ||
          means(row["destination_type"], row["destination_id"])
        );
      case "logged_model_metrics":
        return has(gone.models, row["model_id"]) || has(gone.runs, row["run_id"]);
      case "review_queue_items":
        return (
          has(queues, row["queue_id"]) ||
          (String(row["item_type"]).toLowerCase() === "trace" && has(gone.traces, row["item_id"]))
        );
      default:
        return ofQueue.includes(table) && has(queues, row["queue_id"]);
    }
  };
  /** What points to something that is gone and stays: MLflow's schema says SET NULL for these. */
  const forgets = (table: string, row: Row, text: string): string => {
    if (table === "issues" && has(gone.runs, row["source_run_id"]))
      return text.replace(/"source_run_id": "[^"]*"/, '"source_run_id": null');
    if (table === "endpoints" && has(gone.experiments, row["experiment_id"]))
      return text.replace(/"experiment_id": \d+/, '"experiment_id": null');
    return text;
  };
  return new Map(
    database.tables.map((table) => [
      table,
      database
        .entries(table)
        .flatMap(({ row, text }) => (goes(table, row) ? [] : [forgets(table, row, text)]))
        .toSorted(),
    ]),
  );
}
