import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { readConfig, readStoreKeys, secretText } from "./environment/config.ts";
import { instancesFolderOf, placeInStackFile, placesInStackFile } from "./environment/stackFile.ts";
import { connectionProblems } from "./instance/connections.ts";
import { deploy } from "./deploy.ts";
import { notesOn, parseEnvironment } from "./environment/environment.ts";
import { pullSecretProblems } from "./environment/imagePullSecret.ts";
import { fileOfInstance } from "./instance/instanceFiles.ts";
import { readInstances } from "./instance/load.ts";
import { preflight } from "./realize/preflight.ts";
import { fileNameOf } from "./instance/preview.ts";
import { failWith } from "./realize/failWith.ts";
import type { Asked } from "./preflight/check.ts";
import type { Context } from "./preflight/context.ts";
import { inParts } from "./values/propertyPath.ts";
import { parseYamlFile } from "./values/yamlFile.ts";
import { instancesInState, lastUpdate } from "./instance/lastUpdate.ts";
import { vanishedInstances } from "./instance/vanished.ts";

// Pulumi's runner maps every frame of every stack trace through source maps, and its SDK takes
// traces of each resource: a third of the program's time with 50 instances. Node runs these files
// with their own lines and columns, so there is nothing to map.
(Error as { prepareStackTrace?: unknown }).prepareStackTrace = undefined;

/**
 * The program: everything that can be wrong is found, and said at once, before the first resource
 * is registered.
 */
export default async function program() {
  const root = process.cwd();
  const config = readConfig();
  const today = new Date().toISOString().slice(0, 10);
  const { environment, problems } = parseEnvironment(config, today);
  const folder = instancesFolderOf(root, config);
  const last = await lastUpdate();
  const loaded = readInstances(environment, folder, {
    stack: config.stack,
    today,
    root,
    deployed: last.instances,
  });
  const fileOf = (name: string) =>
    relative(root, fileOfInstance(folder, fileNameOf(environment ?? {}, name)));
  const stored = readStoreKeys(
    config,
    loaded.instances.map(({ name }) => name),
    fileOf,
    environment,
  );

  // Of the instances that are right: what a wrong one needs is not known.
  const instances = loaded.instances.map(({ resolved }) => resolved);
  const crowded = environment === undefined ? [] : connectionProblems(environment, instances);
  const stackFile = join("stacks", `Pulumi.${config.stack}.yaml`);
  const places = placeInStackFile(config, stackFile, [
    ...problems,
    ...pullSecretProblems(),
    ...loaded.ofEnvironment,
    ...crowded,
  ]);
  const vanished = vanishedInstances(last.instances, environment, loaded.names, (name) =>
    relative(root, fileOfInstance(folder, name)),
  );
  const errors = [...places, ...loaded.errors, ...vanished, ...stored.errors];
  if (environment === undefined || errors.length > 0)
    failWith(`Wrong input for stack ${config.stack}; nothing was changed:`, errors);
  loaded.warnings.forEach((warning) => void pulumi.log.warn(warning));

  notesOn(environment).forEach((note) => void pulumi.log.info(note));
  // Where the cluster doesn't tell who it is, what was known of it stays known.
  let { cluster } = last;
  let context: Context | undefined;
  const placeOf = placesInStackFile(config, stackFile);
  const asked: Asked = {
    instances,
    wantsServiceMonitors: environment.monitoring?.serviceMonitor === true,
    fresh: instances.filter(({ instanceName }) => !last.instances.has(instanceName)),
    last,
    acceptedCluster: config.keys.get("cluster")?.plain,
    inState: () => instancesInState(last),
    found: (uid) => (cluster = uid),
    reached: (found) => (context = found),
    secretText,
  };
  await preflight(environment, asked, ({ path = "", instance }) => {
    if (instance === undefined) return placeOf(["environment", ...inParts(path)]);
    const file = fileOf(instance);
    return `${file}:${parseYamlFile(readFileSync(join(root, file), "utf8")).at(inParts(path))}`;
  });
  return deploy(environment, loaded.instances, stored.keys, { last, today, cluster, context });
}
