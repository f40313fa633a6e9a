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

/** Where the part `former` of the instance with this URN stands in a state of before 2026-12. */
export function formerUrn(urn: string, former: string): string {
  const [stack, project, chain, ...name] = urn.split("::");
  const parents = chain!.slice(0, -types.instance.length);
  const path = `${parents}${formerTypes.instance}$components:index:${former}`;
  return [stack, project, path, ...name].join("::");
}
