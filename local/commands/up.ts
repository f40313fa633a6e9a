import { logFirstRun } from "../client/firstRun.ts";
import { reachable } from "../client/reachable.ts";
import { updateHosts } from "../hosts.ts";
import { buildPauseImage, buildTrackingServerImage } from "../images/index.ts";
import { profilePaths, type Profile } from "../paths.ts";
import {
  ensureObjectStoreUsers,
  importImage,
  networkPolicyStatus,
  removeObjectStoreUsers,
  startPlatform,
  type PlatformValues,
} from "../platform/index.ts";
import type { Report } from "../report.ts";
import { configureStack } from "../stack/configure.ts";
import { deploy } from "../stack/deploy.ts";
import { embeddedValues } from "../stack/embeddedValues.ts";
import { formerInstances, rememberInstances } from "../stack/formerInstances.ts";
import { instanceNames } from "../stack/instanceNames.ts";
import { readOutputs, writingToken, type InstanceOutput } from "../stack/outputs.ts";
import type { Project } from "../stack/project.ts";
import { openPulumi, type Pulumi } from "../stack/pulumi.ts";
import type { StackValues } from "../stack/values.ts";
import { prepare, preparePulumi } from "../toolchain/index.ts";
import { standInNames } from "../toolchain/pulumi.ts";
import { ensurePythonClient } from "../toolchain/pythonClient.ts";
import { firstRunNote } from "./firstRunNote.ts";

/** A platform that runs, with all that its instances need from outside of the program. */
export interface ReadyPlatform {
  readonly platform: PlatformValues;
  readonly pulumi: Pulumi;
  readonly python: string;
  /** Reference of the tracking server's image, with its digest. */
  readonly image: string;
  /** Names of the engine's parts for which the official ones could not be downloaded. */
  readonly standIns: readonly string[];
}

export interface Deployed extends ReadyPlatform {
  readonly instances: readonly InstanceOutput[];
}

/**
 * Brings the embedded platform of a profile up: tools, images, services. Work that does not need
 * another's result runs beside it. `stateFolder` holds the stack's state.
 */
export async function preparePlatform(
  profile: Profile,
  project: Project,
  stateFolder: string,
  report: Report,
): Promise<ReadyPlatform> {
  await prepare(report);
  const images = Promise.all([buildTrackingServerImage(report), buildPauseImage(report)]);
  images.catch(() => undefined);
  const [platform, tools, python] = await Promise.all([
    // The pause image is part of the cluster: no pod starts without it.
    startPlatform(profile, report),
    preparePulumi(report),
    ensurePythonClient(report),
  ]);
  const [server, pause] = await images;
  const image = await report.step(`Import ${server.reference}`, () => importImage(profile, server));
  await report.step(`Import ${pause.reference}`, () => importImage(profile, pause));
  const pulumi = await openPulumi(tools, project, stateFolder);
  return { platform, pulumi, python, image, standIns: standInNames(tools) };
}

/**
 * Stands for the instances of all review environments, which are not announced to the object store;
 * no instance has this name.
 */
const forPreviews = "preview";

/**
 * Values of the stack: the platform's, and an object-store user for each instance file and for each
 * deployed instance, which keeps its keys until it is really gone.
 */
export async function stackValues(ready: ReadyPlatform, profile: Profile): Promise<StackValues> {
  const names = await instanceNames(ready.pulumi.project);
  const keys = await ensureObjectStoreUsers(profile, [
    ...names,
    ...(await formerInstances(ready.pulumi, names)),
    forPreviews,
  ]);
  return embeddedValues(ready.platform, ready.image, keys);
}

/** Everything but the deployment: what a preview of the stack needs. */
export async function configure(profile: Profile, project: Project, report: Report): Promise<void> {
  const folder = profilePaths(profile).pulumi;
  const ready = await preparePlatform(profile, project, folder, report);
  await report.step("Configure the stack", async () =>
    configureStack(ready.pulumi, await stackValues(ready, profile)),
  );
  report.info(
    `Nothing was deployed. Preview, then deploy:

  eval "$(npm run -s local -- env --pulumi)"
  npx mlflow-instances preview ${project.stack}
  npx mlflow-instances deploy ${project.stack}`,
  );
}

export async function deployInstances(
  ready: ReadyPlatform,
  profile: Profile,
  report: Report,
  values = stackValues(ready, profile),
): Promise<Deployed> {
  await deploy(ready.pulumi, await values, report);
  const instances = await readOutputs(ready.pulumi);
  const names = instances.map(({ name }) => name);
  for (const name of await formerInstances(ready.pulumi, names))
    await removeObjectStoreUsers(profile, name);
  await rememberInstances(ready.pulumi, names);
  await updateHosts(
    profile,
    instances.map(({ trackingUri }) => ({
      address: ready.platform.nodeIp,
      name: new URL(trackingUri).hostname,
    })),
  );
  const serving = instances.filter(({ deletion }) => deletion === undefined);
  await Promise.all(
    serving.map(({ trackingUri }) => reachable(trackingUri, ready.platform.caPath)),
  );
  return { ...ready, instances };
}

/** The whole way, from nothing to a run that was logged through the first instance's URL. */
export async function up(profile: Profile, project: Project, report: Report): Promise<void> {
  const deployed = await deployInstances(
    await preparePlatform(profile, project, profilePaths(profile).pulumi, report),
    profile,
    report,
  );
  const { instances, platform, python } = deployed;
  const caPath = platform.caPath;
  const writable = instances.flatMap((instance) => {
    const token = writingToken(instance);
    return token === undefined || instance.deletion !== undefined ? [] : [{ instance, token }];
  })[0];
  if (writable === undefined) {
    report.info("No instance that serves has a token that may write, so no first run was logged.");
    return;
  }
  const { instance, token } = writable;
  const run = await report.step(
    `Log a first run at ${instance.trackingUri} with the unmodified MLflow client`,
    () => logFirstRun(python, { trackingUri: instance.trackingUri, token: token.value, caPath }),
  );
  report.info(
    firstRunNote({
      instances,
      instance,
      token,
      run,
      caPath,
      standIns: deployed.standIns,
      networkPolicies: await networkPolicyStatus(profile),
    }),
  );
}
