import { isAtOrUnder, resolveVersions, type Registered } from "./artifactPaths.ts";
import type { BucketObject, Database } from "./instanceState.ts";
import { removedRows } from "./retentionRows.ts";
import { allThings, meets, type Item, type Kind, type Thing } from "./retentionThings.ts";

/**
 * What must remain after retention, computed from nothing but the rows and the keys that were there
 * before. It is written from the contract, not from the job, and is as plain as it can be: it reads
 * everything into memory and looks at each thing once.
 */
export interface RetentionRules {
  readonly now: number;
  readonly retentionMs: number;
  readonly bucket: string;
}

export type Reason =
  | "registered"
  | "keep-tag"
  | "recent"
  | "default-experiment"
  | "not-in-bucket"
  | "unknown-deletion-time"
  | "holds-kept"
  | "elsewhere"
  | "overlaps";

export interface Outcome {
  readonly removed: readonly (Item & {
    readonly keys: readonly string[];
    readonly bytes: number;
  })[];
  /** Only what is deleted and yet stays; what is active is nobody's question. */
  readonly kept: readonly (Item & { readonly reason: Reason })[];
  /** Each table's rows as text, sorted. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
  /** Keys whose current version is an object, sorted. */
  readonly keys: readonly string[];
}

type Fate = { readonly stays: false } | { readonly stays: true; readonly reason?: Reason };
const goes: Fate = { stays: false };
const active: Fate = { stays: true };
const kept = (reason: Reason): Fate => ({ stays: true, reason });

export function whatRemains(
  database: Database,
  objects: readonly BucketObject[],
  rules: RetentionRules,
): Outcome {
  const cutoff = rules.now - rules.retentionMs;
  const things = allThings(database, rules.bucket);
  const registered = resolveVersions(database, rules.bucket);

  /** The reason to wait; undefined when it was deleted long enough ago. */
  const tooEarly = (deletedAt: number | null): Reason | undefined =>
    deletedAt === null ? "unknown-deletion-time" : deletedAt > cutoff ? "recent" : undefined;
  /**
   * A deleted experiment takes its logged models and traces along, which have no deletion of their
   * own, when its time has come.
   */
  const isDue = (experiment: Thing | undefined): boolean =>
    experiment?.deleted === true && tooEarly(experiment.deletedAt) === undefined;
  const experimentOf = new Map(
    things.flatMap((thing) => (thing.kind === "experiment" ? [[thing.row, thing] as const] : [])),
  );

  const fateOfPart = (thing: Thing, runStays: (id: unknown) => boolean): Fate => {
    const due = thing.kind !== "run" && isDue(experimentOf.get(thing.experiment));
    if (!thing.deleted && !due) return active;
    // What was deleted by itself has its own time, whatever became of its experiment.
    const wait = thing.deleted ? tooEarly(thing.deletedAt) : undefined;
    if (wait !== undefined) return kept(wait);
    if (thing.tagged) return kept("keep-tag");
    if (isRegistered(registered, thing)) return kept("registered");
    // A run that somebody keeps or has restored is worth nothing without its model.
    if (thing.kind === "loggedModel" && !thing.deleted && runStays(thing.row["source_run_id"]))
      return kept("holds-kept");
    if (thing.stated.some((path) => path === undefined)) return kept("not-in-bucket");
    // It owns the folder that follows from its experiment and its id, whatever a row says of
    // itself.
    if (
      thing.path === undefined ||
      !thing.stated.every((path) => path !== undefined && isAtOrUnder(path, thing.path ?? ""))
    )
      return kept("elsewhere");
    return things.some(
      (other) => other !== thing && other.kind !== "experiment" && meets(other, thing.path ?? ""),
    )
      ? kept("overlaps")
      : goes;
  };

  const runs = things.filter(({ kind }) => kind === "run");
  const fates = new Map<Thing, Fate>(runs.map((run) => [run, fateOfPart(run, () => false)]));
  const stays = (thing: Thing): boolean => fates.get(thing)?.stays ?? true;
  const parts = things.filter(({ kind }) => kind !== "experiment");
  for (const part of parts)
    if (part.kind !== "run")
      fates.set(
        part,
        fateOfPart(part, (id) =>
          runs.some((run) => run.id === id && run.experiment === part.experiment && stays(run)),
        ),
      );

  const fateOfExperiment = (experiment: Thing): Fate => {
    if (!experiment.deleted) return active;
    const wait = tooEarly(experiment.deletedAt);
    if (wait !== undefined) return kept(wait);
    if (experiment.tagged) return kept("keep-tag");
    // The server makes it anew at its start, and fails when its name is taken.
    if (experiment.id === "0") return kept("default-experiment");
    if (parts.some((part) => part.experiment === experiment.row && stays(part)))
      return kept("holds-kept");
    // A version's path in the experiment's folder that is no part of any of its runs and models,
    // nor of another experiment's.
    if (registered.paths.some((path) => belongsTo(experiment, path, things)))
      return kept("registered");
    return experiment.path === undefined ? kept("not-in-bucket") : goes;
  };
  for (const thing of things)
    if (thing.kind === "experiment") fates.set(thing, fateOfExperiment(thing));

  const living = things.filter(stays);
  // No object under any of these is touched, whoever's prefix it is under, too.
  const livingPaths = [
    ...living.flatMap(({ kind, reach }) =>
      kind === "experiment" || reach === undefined ? [] : [reach],
    ),
    ...registered.paths,
  ];
  const livingLocations = living.flatMap(({ kind, reach }) =>
    kind === "experiment" && reach !== undefined ? [reach] : [],
  );
  const isSpared = (key: string): boolean => livingPaths.some((path) => isAtOrUnder(key, path));

  const current = objects.filter(({ latest, marker }) => latest && !marker);
  const taken = new Set<string>();
  const removed = things
    .filter((thing) => !stays(thing))
    .map((thing) => {
      const path = thing.path ?? "";
      // An experiment's folder goes as a whole only when nobody else lives in, at or around it.
      const shared =
        thing.kind === "experiment" &&
        [...livingLocations, ...livingPaths].some(
          (other) => isAtOrUnder(other, path) || isAtOrUnder(path, other),
        );
      const inner = livingLocations.filter(
        (location) => location !== path && isAtOrUnder(location, path),
      );
      const own = shared
        ? []
        : current.filter(
            ({ key }) =>
              isAtOrUnder(key, path) &&
              !taken.has(key) &&
              !isSpared(key) &&
              !inner.some((location) => isAtOrUnder(key, location)),
          );
      for (const { key } of own) taken.add(key);
      return {
        kind: thing.kind,
        id: thing.id,
        keys: own.map(({ key }) => key),
        bytes: own.reduce((sum, { size }) => sum + size, 0),
      };
    });

  const gone = (kind: Kind): ReadonlySet<string> =>
    new Set(removed.filter((item) => item.kind === kind).map(({ id }) => id));
  return {
    removed,
    kept: things.flatMap((thing) => {
      const fate = fates.get(thing);
      return fate?.stays === true && fate.reason !== undefined
        ? [{ kind: thing.kind, id: thing.id, reason: fate.reason }]
        : [];
    }),
    rows: removedRows(database, {
      experiments: gone("experiment"),
      runs: gone("run"),
      models: gone("loggedModel"),
      traces: gone("trace"),
    }),
    keys: current.flatMap(({ key }) => (taken.has(key) ? [] : [key])).toSorted(),
  };
}

function isRegistered(
  { runs, models, paths }: Registered,
  { kind, id, reach, path, stated }: Thing,
): boolean {
  if ((kind === "run" && runs.has(id)) || (kind === "loggedModel" && models.has(id))) return true;
  return [reach, path, ...stated].some(
    (own) =>
      own !== undefined &&
      paths.some((other) => isAtOrUnder(other, own) || isAtOrUnder(own, other)),
  );
}

/** Whether a path is in an experiment's folder and in nobody's who is as near to it. */
function belongsTo({ row, reach }: Thing, path: string, things: readonly Thing[]): boolean {
  if (reach === undefined || !isAtOrUnder(path, reach)) return false;
  const nearer = (other: Thing): boolean =>
    other.reach !== undefined &&
    other.reach.length >= reach.length &&
    isAtOrUnder(path, other.reach);
  return !things.some((other) => other.row !== row && nearer(other));
}
