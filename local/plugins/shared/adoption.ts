// A run that was killed between "made" and "written to the state" leaves things behind that the next run would find in its way. The engine
// keeps such operations as pending; who starts the next run may name their URNs here, and only these are taken over.
const variable = "MLFLOW_INSTANCES_ADOPT_URNS";

/** May the resource take over what is already there? The variable holds a JSON list of URNs. */
export function mayAdopt(urn: string, environment: NodeJS.ProcessEnv = process.env): boolean {
  const text = environment[variable];
  if (!text) return false;
  const urns = JSON.parse(text) as unknown;
  return Array.isArray(urns) && urns.includes(urn);
}
