import type { FirstRun } from "../client/firstRun.ts";
import { clientVariables, exportLines } from "../client/environment.ts";
import type { InstanceOutput, TokenOutput } from "../stack/outputs.ts";

const mebibyte = 1024 * 1024;

/** What `npm run local` ends with. */
export function firstRunNote(what: {
  instances: readonly InstanceOutput[];
  instance: InstanceOutput;
  token: TokenOutput;
  run: FirstRun;
  caPath: string;
  standIns: readonly string[];
  networkPolicies: { enforced: boolean; by: string };
}): string {
  const { instances, instance, token, run, caPath, standIns, networkPolicies } = what;
  const width = Math.max(...instances.map(({ name }) => name.length));
  const variables = exportLines(
    clientVariables({ trackingUri: instance.trackingUri, token: token.value, caPath }),
  );
  return `
Instances
${instances.map(({ name, trackingUri, deletion }) => `  ${name.padEnd(width)}  ${deletion === undefined ? trackingUri : "is stopped: its file says delete"}`).join("\n")}

CA certificate  ${caPath}
Network policies  ${networkPolicies.enforced ? `enforced by ${networkPolicies.by}` : "NOT enforced on this platform"}
${standIns.length > 0 ? `Stand-ins in use, since the official plugins could not be downloaded  ${standIns.join(", ")}\n` : ""}
A first run is logged at ${instance.trackingUri}
  experiment ${run.experiment}, run ${run.runId}: 2 params, a series of ${run.metrics} metric values,
  an artifact of ${run.artifactBytes / mebibyte} MiB read back byte for byte, model ${run.model} version ${run.version} with alias ${run.alias} (${run.seconds} s)

Log one yourself (token "${token.name}", role ${token.role}, expires ${token.expires}), after: pip install mlflow
${variables.replaceAll(/^/gm, "  ").trimEnd()}
  python3 - <<'PYTHON'
  import mlflow
  mlflow.set_experiment("hello")
  with mlflow.start_run() as run:
      mlflow.log_param("learning_rate", 0.01)
      mlflow.log_metrics({"loss": 0.25})
  print("logged", run.info.run_id)
  PYTHON

In a browser: any user name, the token as the password. Other commands: npm run local -- status | logs | env [instance] | down | reset
`;
}
