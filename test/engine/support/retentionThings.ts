import { artifactPath, isAtOrUnder, isWide, ownPath } from "./artifactPaths.ts";
import type { Database, Row } from "./instanceState.ts";

// What the model of retention looks at: runs, logged models, traces and experiments, each with the
// places of its objects.

export type Kind = "experiment" | "run" | "loggedModel" | "trace";

export interface Item {
  readonly kind: Kind;
  readonly id: string;
}

export interface Thing extends Item {
  readonly row: Row;
  readonly experiment: Row;
  /** The prefix of keys that is its own: its experiment's location and its id. */
  readonly path: string | undefined;
  /** Where its row says that its objects are; undefined for what is not plainly in this bucket. */
  readonly stated: readonly (string | undefined)[];
  /** Where its objects may be, however its location is written. */
  readonly reach: string | undefined;
  readonly deleted: boolean;
  readonly deletedAt: number | null;
  readonly tagged: boolean;
}

function placeOf(kind: Kind, id: string, folder: string | undefined): string | undefined {
  if (folder === undefined || kind === "experiment") return folder;
  if (/[/\\%?#]/.test(id) || ["", ".", "..", "artifacts", "models", "traces"].includes(id))
    return undefined;
  return {
    run: `${folder}/${id}/artifacts`,
    loggedModel: `${folder}/models/${id}/artifacts`,
    trace: `${folder}/traces/${id}`,
  }[kind];
}

/**
 * A trace's tag is anybody's to write: it counts where it ends as MLflow would have written it. The
 * whole folder of its experiment, or what is above, is the place of no run, logged model or trace:
 * one odd row would keep everything there.
 */
function reachOf(
  kind: Kind,
  id: string,
  path: string | undefined,
  folder: string | undefined,
): string | undefined {
  if (path === undefined || isWide(path)) return undefined;
  if (kind !== "experiment" && folder !== undefined && isAtOrUnder(folder, path)) return undefined;
  return kind === "trace" && !path.replace(/\/artifacts$/, "").endsWith(`/traces/${id}`)
    ? undefined
    : path;
}

export const meets = ({ path, reach }: Thing, place: string): boolean =>
  [path, reach].some(
    (other) => other !== undefined && (isAtOrUnder(other, place) || isAtOrUnder(place, other)),
  );

/**
 * Runs before models before traces before experiments: the order in which the job counts an object
 * that belongs to two of them.
 */
export function allThings(database: Database, bucket: string): Thing[] {
  const experiments = new Map(
    database.rows("experiments").map((row) => [String(row["experiment_id"]), row]),
  );
  const keepers = (table: string, id: string, key: string): ReadonlySet<string> =>
    new Set(database.rows(table).flatMap((row) => (row[key] === "keep" ? [String(row[id])] : [])));
  const keptExperiments = keepers("experiment_tags", "experiment_id", "key");
  const keptRuns = keepers("tags", "run_uuid", "key");
  const keptModels = keepers("logged_model_tags", "model_id", "tag_key");
  const keptTraces = keepers("trace_tags", "request_id", "key");
  const traceLocations = new Map(
    database
      .rows("trace_tags")
      .flatMap((row) =>
        row["key"] === "mlflow.artifactLocation"
          ? [[String(row["request_id"]), String(row["value"])]]
          : [],
      ),
  );

  const thing = (
    kind: Kind,
    id: unknown,
    row: Row,
    location: unknown,
    deletedAt: unknown,
    ownTags: ReadonlySet<string>,
  ): Thing => {
    const experiment = experiments.get(String(row["experiment_id"]));
    if (experiment === undefined) throw new Error(`${kind} ${String(id)} has no experiment`);
    const folder = ownPath(String(experiment["artifact_location"]), bucket);
    return {
      kind,
      id: String(id),
      row,
      experiment,
      path: placeOf(kind, String(id), folder),
      stated: typeof location === "string" ? [ownPath(location, bucket)] : [],
      reach: reachOf(
        kind,
        String(id),
        artifactPath(typeof location === "string" ? location : "", bucket),
        folder,
      ),
      deleted: row["lifecycle_stage"] === "deleted",
      deletedAt: deletedAt as number | null,
      tagged: ownTags.has(String(id)) || keptExperiments.has(String(row["experiment_id"])),
    };
  };
  return [
    ...database
      .rows("runs")
      .map((row) =>
        thing("run", row["run_uuid"], row, row["artifact_uri"], row["deleted_time"], keptRuns),
      ),
    ...database
      .rows("logged_models")
      .map((row) =>
        thing(
          "loggedModel",
          row["model_id"],
          row,
          row["artifact_location"],
          row["last_updated_timestamp_ms"],
          keptModels,
        ),
      ),
    // A trace has no stage: MLflow deletes its rows at once.
    ...database
      .rows("trace_info")
      .map((row) =>
        thing(
          "trace",
          row["request_id"],
          row,
          traceLocations.get(String(row["request_id"])),
          null,
          keptTraces,
        ),
      ),
    ...[...experiments.values()].map((row) =>
      thing(
        "experiment",
        row["experiment_id"],
        row,
        row["artifact_location"],
        row["last_update_time"],
        keptExperiments,
      ),
    ),
  ];
}
