// What is named after an instance, and how.

export const namespaceNameOf = (instance: string): string => `mlflow-${instance}`;

/** The instance whose namespace this is. */
export const instanceOfNamespace = (namespace: string | undefined): string | undefined =>
  /^mlflow-(.+)$/.exec(namespace ?? "")?.[1];

/**
 * Whether a bucket may be the instance's by its name; a prefix of the platform's stands in front.
 */
export const isBucketNameOf = (instance: string, name: string): boolean =>
  name === instance || name.endsWith(`-${instance}`);

export const isHostOf = (instance: string, host: string): boolean =>
  host.startsWith(`${instance}.`);

/** PostgreSQL names with a dash would need quotes everywhere. */
export const databaseNameOf = (instance: string): string =>
  `mlflow_${instance.replaceAll("-", "_")}`;

/** The owner of the database is named as the database. */
export const roleNamesOf = (
  instance: string,
): { owner: string; retention: string; staleRuns: string } => {
  const owner = databaseNameOf(instance);
  return { owner, retention: `${owner}_retention`, staleRuns: `${owner}_stale_runs` };
};
