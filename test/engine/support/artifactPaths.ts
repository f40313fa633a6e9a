import type { Database, Row } from "./instanceState.ts";

const root = "artifacts";

/**
 * Percent signs are decoded until nothing changes, as the server does it; one that is no code
 * stays.
 */
function decoded(text: string): string {
  for (;;) {
    const next = text.replace(/(?:%[0-9a-f]{2})+/gi, (codes) => {
      try {
        return decodeURIComponent(codes);
      } catch {
        return codes;
      }
    });
    if (next === text) return text;
    text = next;
  }
}

const normal = (path: string): string => {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
};

/**
 * The prefix of keys at which a URI points, in whatever way it is written; undefined when it is
 * none of this bucket's.
 */
export function artifactPath(uri: string, bucket: string): string | undefined {
  const [, scheme = "", rest = ""] = /^([a-z0-9-]+):(.*)$/s.exec(uri) ?? [];
  if (scheme === "mlflow-artifacts")
    return normal(`${root}/${decoded(rest.replace(/^\/\/[^/]*/, ""))}`);
  if (scheme === "s3" && rest.startsWith(`//${bucket}/`))
    return normal(rest.slice(bucket.length + 3));
  return undefined;
}

/** The same for what may be removed: a URI that could be read in two ways is nobody's to remove. */
export function ownPath(uri: string, bucket: string): string | undefined {
  const plain =
    /^(mlflow-artifacts:\/|s3:\/\/)[^/%?#\\][^%?#\\]*$/.test(uri) &&
    !/\/(\/|\.{1,2}(\/|$))/.test(uri.replace(/^s3:\/\//, ""));
  const path = plain ? artifactPath(uri, bucket) : undefined;
  return path !== undefined &&
    !isAtOrUnder(root, path) &&
    !/^(maintenance|final-dump)(\/|$)/.test(path)
    ? path
    : undefined;
}

export const isAtOrUnder = (path: string, prefix: string): boolean =>
  prefix === "" || path === prefix || path.startsWith(`${prefix}/`);

/**
 * What is everybody's: the folder of all artifacts, and the bucket. Whoever points there has
 * nothing of its own there.
 */
export const isWide = (path: string): boolean => isAtOrUnder(root, path);

/**
 * What the registered model versions point to, each in all of the ways in which a version may say
 * it.
 */
export interface Registered {
  readonly runs: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
  readonly paths: readonly string[];
}

export function resolveVersions(database: Database, bucket: string): Registered {
  const runs = new Set<string>();
  const models = new Set<string>();
  const paths = new Set<string>();
  const versions = database
    .rows("model_versions")
    .filter((row) => row["current_stage"] !== "Deleted_Internal");
  const loggedModels = database.rows("logged_models");

  const follow = (uri: unknown): void => {
    if (typeof uri !== "string") return;
    const [, scheme = "", rest = ""] = /^(runs|models):\/+(.*)$/s.exec(uri) ?? [];
    if (scheme === "runs") {
      const [run = "", name] = rest.split("/");
      runs.add(run);
      // A client that asks for runs:/<run>/<name> gets the files of the logged model of that name,
      // if the run made one.
      for (const model of loggedModels)
        if (model["source_run_id"] === run && model["name"] === name)
          models.add(String(model["model_id"]));
    } else if (scheme === "models") {
      const model = /^(m-[0-9a-f]+)/.exec(rest)?.[1];
      if (model !== undefined) models.add(model);
      else for (const version of versions) if (names(rest, version, database)) point(version);
    } else {
      const path = artifactPath(uri, bucket);
      if (path !== undefined && !isWide(path)) paths.add(path);
    }
  };
  const seen = new Set<Row>();
  const point = (version: Row): void => {
    if (seen.has(version)) return;
    seen.add(version);
    if (typeof version["run_id"] === "string" && version["run_id"] !== "")
      runs.add(version["run_id"]);
    follow(version["source"]);
    follow(version["storage_location"]);
  };
  versions.forEach(point);
  for (const model of loggedModels) {
    if (!models.has(String(model["model_id"]))) continue;
    const path = artifactPath(String(model["artifact_location"]), bucket);
    if (path !== undefined) paths.add(path);
    if (typeof model["source_run_id"] === "string") runs.add(model["source_run_id"]);
  }
  return { runs, models, paths: [...paths] };
}

/** Whether `<name>/<version>` or `<name>@<alias>` means this version. */
function names(reference: string, version: Row, database: Database): boolean {
  const [, name = "", alias] = /^([^@/]+)@(.+)$/s.exec(reference) ?? [];
  if (alias === undefined)
    return reference === `${String(version["name"])}/${String(version["version"])}`;
  return database
    .rows("registered_model_aliases")
    .some(
      (row) =>
        row["name"] === name &&
        row["alias"] === alias &&
        name === version["name"] &&
        row["version"] === version["version"],
    );
}
