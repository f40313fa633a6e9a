/** Type tokens of the components. They are part of each URN: another one needs an alias. */
export const types = {
  instance: "mlflow-instances:index:MlflowInstance",
  databaseServer: "mlflow-instances:index:DatabaseServer",
} as const;

/** The tokens in states of before 2026-12. */
export const formerTypes = {
  instance: "components:index:MlflowInstance",
  databaseServer: "components:index:DatabaseServer",
} as const;

/** Whether this is the type of an instance, also in a state of before 2026-12. */
export const isInstance = (type: string): boolean =>
  type === types.instance || type === formerTypes.instance;

/**
 * Where the part `former` of the instance with this URN stands in a state of before 2026-12. What
 * it is below may be of this package, too.
 */
export function formerUrn(urn: string, former: string): string {
  const type = urn.indexOf(`${types.instance}::`);
  const above = urn
    .slice(0, type)
    .replaceAll(types.instance, formerTypes.instance)
    .replaceAll(types.databaseServer, formerTypes.databaseServer);
  const name = urn.slice(type + types.instance.length);
  return `${above}${formerTypes.instance}$components:index:${former}${name}`;
}
