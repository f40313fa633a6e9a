import { runScript, type Client } from "./python.ts";
import type { InstanceState } from "./instanceState.ts";

/** What a seed says of what it made; see seedClient.py. */
export interface Seeded {
  readonly clock: readonly (readonly [kind: string, id: string, ageSeconds: number | null])[];
  readonly stays: readonly (readonly [kind: string, id: string, why: string])[];
  readonly goes: readonly (readonly [kind: string, id: string, why: string])[];
  readonly named: Readonly<Record<string, string>>;
  readonly champion: string;
  readonly seconds: number;
}

// More threads than connections in the server's pool would wait for each other.
const threads = "5";

/** Fills the instance through the client and then moves the clock of its rows. */
export async function seedRetention(client: Client, state: InstanceState): Promise<Seeded> {
  const seeded = await runScript<Seeded>(client, "seedRetention.py", threads);
  await setClock(state, seeded);
  await addWhatNoClientWrites(state, seeded);
  return seeded;
}

const columns: Record<string, readonly [table: string, id: string, time: string]> = {
  experiment: ["experiments", "experiment_id::text", "last_update_time"],
  run: ["runs", "run_uuid", "deleted_time"],
  loggedModel: ["logged_models", "model_id", "last_updated_timestamp_ms"],
};

async function setClock(state: InstanceState, { clock }: Seeded): Promise<void> {
  const time =
    "case when $2::bigint is null then null else (extract(epoch from clock_timestamp()) * 1000)::bigint - $2::bigint * 1000 end";
  const of = (kind: string): Seeded["clock"] => clock.filter(([each]) => each === kind);
  // An experiment's runs were deleted with it, unless they say otherwise.
  const alone = of("run").map(([, id]) => id);
  for (const [, id, age] of of("experiment"))
    await state.sql.query(
      `update runs set deleted_time = ${time} where experiment_id::text = $1 and lifecycle_stage = 'deleted' and run_uuid <> all ($3::text[])`,
      [id, age, alone],
    );
  for (const [kind, id, age] of clock) {
    const [table, key, column] = columns[kind] ?? ["", "", ""];
    const { rowCount } = await state.sql.query(
      `update ${table} set ${column} = ${time} where ${key} = $1 and lifecycle_stage = 'deleted'`,
      [id, age],
    );
    if (rowCount !== 1) throw new Error(`${kind} ${id} is not deleted`);
  }
}

/**
 * Rows that MLflow's jobs, its UI or older releases write: for each of two experiments, one that
 * goes and one that stays, so that each table has a row that goes and one that doesn't.
 */
async function addWhatNoClientWrites(state: InstanceState, { named }: Seeded): Promise<void> {
  for (const [index, name] of ["old", "active"].entries()) {
    const experiment = Number(named[name]);
    const { rows } = await state.sql.query<{ run: string; trace: string | null }>(
      `select (select run_uuid from runs where experiment_id = $1 order by deleted_time nulls last, run_uuid limit 1) as run,
              (select request_id from trace_info where experiment_id = $1 order by 1 limit 1) as trace`,
      [experiment],
    );
    const { run, trace } = rows[0] ?? { run: "", trace: null };
    const id = `${name}-1`;
    const insert = async (table: string, row: Record<string, unknown>): Promise<void> => {
      const keys = Object.keys(row);
      await state.sql.query(
        `insert into ${table} (${keys.join(", ")}) values (${keys.map((_, position) => `$${position + 1}`).join(", ")})`,
        Object.values(row),
      );
    };
    const rollup = {
      id: 9000 + index,
      experiment_id: experiment,
      rollup_day: "2025-09-01",
      metric_name: "latency",
      grouping_set: "all",
      sample_count: 3,
    };
    await insert("sql_trace_metric_daily_rollups", rollup);
    await insert("sql_span_cost_daily_rollups", rollup);
    await insert("sql_assessment_daily_rollups", rollup);
    await insert("sql_trace_rollup_rebuild_queue", {
      experiment_id: experiment,
      rollup_day: "2025-09-01",
      rollup_family: "TRACE_METRIC",
    });
    await insert("scorers", {
      experiment_id: experiment,
      scorer_name: "short answers",
      scorer_id: id,
    });
    await insert("scorer_versions", {
      scorer_id: id,
      scorer_version: 1,
      serialized_scorer: "{}",
      creation_time: 1,
    });
    await insert("online_scoring_configs", {
      online_scoring_config_id: id,
      scorer_id: id,
      sample_rate: 0.5,
      experiment_id: experiment,
    });
    const times = { creation_time_ms: 1, last_update_time_ms: 1 };
    await insert("review_queues", {
      queue_id: id,
      experiment_id: experiment,
      name: "weekly",
      name_key: "weekly",
      queue_type: "CUSTOM",
      ...times,
    });
    await insert("review_queue_users", { queue_id: id, user_id: "reviewer" });
    await insert("review_queue_items", {
      queue_id: id,
      item_type: "TRACE",
      item_id: trace ?? "tr-none",
      status: "PENDING",
      ...times,
    });
    const edited = { created_time: 1, last_update_time: 1 };
    const schema = {
      schema_id: id,
      experiment_id: experiment,
      name: "grade",
      type: "FEEDBACK",
      input_type: "PASS_FAIL",
      input_config: "{}",
      enable_comment: true,
    };
    await insert("label_schemas", { ...schema, is_default: false, ...edited });
    await insert("review_queue_label_schemas", { queue_id: id, schema_id: id });
    const issue = {
      experiment_id: experiment,
      name: "wrong answers",
      description: "",
      status: "OPEN",
      created_timestamp: 1,
      last_updated_timestamp: 1,
    };
    await insert("issues", { ...issue, issue_id: id, source_run_id: run });
    await insert("evaluation_datasets", {
      dataset_id: id,
      name: `questions ${name}`,
      workspace: "default",
      ...edited,
    });
    const association = {
      created_time: 1,
      source_type: "evaluation_dataset",
      source_id: id,
      destination_type: "experiment",
    };
    await insert("entity_associations", {
      ...association,
      association_id: id,
      destination_id: String(experiment),
    });
  }
  // An issue of a living experiment that was found by a run that goes.
  await state.sql.query(
    `update issues set source_run_id = (select run_uuid from runs where experiment_id = $1 and lifecycle_stage = 'deleted' order by deleted_time limit 1)
     where experiment_id = $1`,
    [Number(named["active"])],
  );
  // Versions from before MLflow compared a version's source with its run.
  await state.sql.query("update model_versions set run_id = null where source like '%\\%2520%'");
}
