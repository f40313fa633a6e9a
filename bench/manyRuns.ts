import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import type { InstanceState } from "../test/engine/support/instanceState.ts";

export const objectsPerRun = 5;
const experiments = 10;

/**
 * Deleted runs as MLflow would have written them, with parameters, metrics, tags and objects;
 * straight into database and bucket, as through the client it would take an hour.
 */
export async function seedManyRuns(
  state: InstanceState,
  python: string,
  count: number,
): Promise<string[]> {
  await state.sql.query(
    `insert into experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
     select 'bench-' || n, '', 'active', 1, 1, 'default' from generate_series(1, ${experiments}) n;
     update experiments set artifact_location = 'mlflow-artifacts:/' || experiment_id where name like 'bench-%';
     insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version,
                       lifecycle_stage, artifact_uri, experiment_id, deleted_time)
     select id, 'run ' || n, 'UNKNOWN', '', '', 'bench', 'FINISHED', 1, 2, '', 'deleted', e.artifact_location || '/' || id || '/artifacts', e.experiment_id,
            (extract(epoch from now()) * 1000)::bigint - 45 * 86400000::bigint
     from (select n, md5('bench' || n) as id from generate_series(1, ${count}) n) r
     join experiments e on e.name = 'bench-' || (1 + n % ${experiments});
     insert into params (key, value, run_uuid) select 'p' || k, k::text, run_uuid from runs, generate_series(1, 5) k where user_id = 'bench';
     insert into tags (key, value, run_uuid) select 't' || k, k::text, run_uuid from runs, generate_series(1, 4) k where user_id = 'bench';
     insert into metrics (key, value, timestamp, run_uuid, step, is_nan)
       select 'm' || k % 2, k, k, run_uuid, k, false from runs, generate_series(1, 20) k where user_id = 'bench';
     insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
       select 'm' || k, 20, 20, 20, false, run_uuid from runs, generate_series(0, 1) k where user_id = 'bench';
     analyze`,
  );
  const { rows } = await state.sql.query<{ id: string; path: string }>(
    `select run_uuid as id, replace(artifact_uri, 'mlflow-artifacts:/', 'artifacts/') as path from runs where user_id = 'bench' order by run_uuid`,
  );
  // One object goes through the gateway; the others are made like it, as 50,000 uploads would take
  // minutes.
  const template = "artifacts/template";
  await state.s3.send(
    new PutObjectCommand({ Bucket: state.bucket, Key: template, Body: Buffer.alloc(1024, 7) }),
  );
  const keys = rows.flatMap(({ path }) =>
    Array.from({ length: objectsPerRun }, (_, index) => `${path}/model/part-${index}.bin`),
  );
  const child = promisify(execFile)(python, [
    join(import.meta.dirname, "copyObjects.py"),
    state.objectsFolder,
    template,
  ]);
  child.child.stdin?.end(keys.join("\n"));
  await child;
  const { KeyCount } = await state.s3.send(
    new ListObjectsV2Command({ Bucket: state.bucket, Prefix: `${rows[0]?.path}/` }),
  );
  if (KeyCount !== objectsPerRun)
    throw new Error(`the object store lists ${KeyCount} objects of a run`);
  return rows.map(({ id }) => id);
}
