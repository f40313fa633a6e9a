// The stand-in for the official Kubernetes plugin: the protocol's calls, each led to the file that
// answers it.
import type { Provider, ResourceHandler } from "../shared/provider.ts";
import { UserError } from "../shared/provider.ts";
import type { Properties } from "../shared/values.ts";
import { replaceUnready, annotation } from "./annotations.ts";
import { jobReadiness } from "./await/job.ts";
import { checkObject } from "./check.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { configFailures, settingsFrom } from "./config.ts";
import { createObject } from "./createObject.ts";
import { deleteObject } from "./deleteObject.ts";
import { diffObject } from "./diff.ts";
import { diffProvider } from "./diffConfig.ts";
import { kindOfType, supportedTypes } from "./kinds.ts";
import type { Kind } from "./kinds.ts";
import { nameOf, namespaceOf } from "./objects.ts";
import { readObject } from "./readObject.ts";
import { Session } from "./session.ts";
import { updateObject } from "./updateObject.ts";

/** `pulumi.com/replaceUnready`: a Job that has not completed is made anew. */
async function isUnreadyJob(
  session: Session,
  kind: Kind,
  state: Properties,
  news: Properties,
): Promise<boolean> {
  if (
    kind.kind !== "Job" ||
    annotation(news, replaceUnready) !== "true" ||
    session.unreachable !== ""
  )
    return false;
  const { live } = parseCheckpoint(state);
  const job = await session.client
    .get(kind, namespaceOf(live), nameOf(live))
    .catch(() => undefined);
  return job !== undefined && jobReadiness(job).state !== "ready";
}

function handlerOf(session: () => Session, kind: Kind): ResourceHandler {
  return {
    check: async (request) => checkObject(session(), kind, request),
    diff: async (request) => {
      const { settings } = session();
      const result = diffObject(kind, request.olds, request.news, request.ignoreChanges, settings);
      if (!(await isUnreadyJob(session(), kind, request.olds, request.news))) return result;
      const reason = `metadata.annotations["${replaceUnready}"]`;
      return {
        ...result,
        changes: true,
        deleteBeforeReplace: true,
        replaces: [...(result.replaces ?? []), reason],
      };
    },
    create: (request) => createObject(session(), kind, request),
    read: (request) => readObject(session(), kind, request),
    update: (request) => updateObject(session(), kind, request),
    delete: (request) => deleteObject(session(), kind, request),
  };
}

export function kubernetesProvider(): Provider {
  let opened: Session | undefined;
  const session = (): Session => {
    if (!opened) throw new UserError("the Kubernetes provider is not configured");
    return opened;
  };
  return {
    name: "kubernetes",
    version: "4.34.2",
    supported: supportedTypes,
    resource: (type) => {
      const kind = kindOfType(type);
      return kind && handlerOf(session, kind);
    },
    checkConfig: async (request) => ({
      inputs: request.news,
      failures: configFailures(request.news),
    }),
    diffConfig: diffProvider,
    configure: async (config) => {
      opened?.close();
      opened = await Session.open(settingsFrom(config));
    },
    close: async () => opened?.close(),
  };
}
