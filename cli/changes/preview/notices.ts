import type { ResourceChange } from "./changes.ts";
import type { BeforeAndAfter, InstanceFacts, TokenFacts } from "./facts.ts";
import { bytesOf, daysOf, showBytes } from "./quantities.ts";
import { missingPods, replicasOf } from "./rollingUpdate.ts";
import { asObject, listOf, numberOf, textOf, valueAt } from "./values.ts";

/**
 * The effects of the change that users of the instance notice, one in a line. Empty: none.
 */
export function noticesOf(
  { before, after }: BeforeAndAfter,
  changes: readonly ResourceChange[],
): string[] {
  if (before === undefined && after !== undefined) return ofNew(after);
  if (before !== undefined && after === undefined)
    return [`${urlsOf(before)} no longer answers, and all tokens end`];
  if (before === undefined || after === undefined) return [];
  if (after.deletionPrepared && !before.deletionPrepared) {
    return [
      `The server stops: ${urlsOf(before)} no longer answers. A last database dump goes into the bucket; taking the line \`delete:\` out again brings the instance back as it was`,
    ];
  }
  return [
    ...(before.deletionPrepared
      ? after.deletionPrepared
        ? []
        : [`The instance comes back: ${urlsOf(after)} answers again`]
      : [...ofAddress(before, after), ...changes.flatMap(ofServer)]),
    ...ofVersion(before, after),
    ...changes.flatMap(ofCertificate),
    ...ofTokens(before, after),
    ...ofRetention(before, after),
    ...ofTraces(before, after),
  ];
}

const urlsOf = ({ urls }: InstanceFacts): string => urls.join(", ") || "The server";

function ofNew(facts: InstanceFacts): string[] {
  const tokens = Object.entries(facts.tokens ?? {}).map(
    ([name, { role, expires }]) => `\`${name}\` (${role}, until ${expires})`,
  );
  return [
    `New: ${urlsOf(facts)}${facts.version === undefined ? "" : ` with MLflow ${facts.version}`}`,
    ...(tokens.length === 0
      ? []
      : [
          `New tokens: ${tokens.join(", ")}; their values: \`pulumi stack output tokens --show-secrets\``,
        ]),
  ];
}

function ofAddress(before: InstanceFacts, after: InstanceFacts): string[] {
  if (before.urls.join() === after.urls.join()) return ofExposure(before, after);
  if (after.urls.length === 0) return [`${urlsOf(before)} no longer answers`];
  return [
    before.urls.length === 0
      ? `New address: ${urlsOf(after)}`
      : `The address changes from ${urlsOf(before)} to ${urlsOf(after)}: clients must use the new one`,
  ];
}

/** The same address, served by another object. */
function ofExposure(before: InstanceFacts, after: InstanceFacts): string[] {
  const [from, to] = [before.exposedBy.join(", "), after.exposedBy.join(", ")];
  if (from === to || from === "" || to === "") return [];
  return [
    `The address stays, served by ${to} instead of ${from}: no interruption if one controller serves both, otherwise 404 until the DNS record points to the new one (docs/gateway-api.md)`,
  ];
}

function ofServer(change: ResourceChange): string[] {
  if (change.type !== "kubernetes:apps/v1:Deployment") return [];
  if (change.kind === "replaced")
    return ["The server restarts with downtime: its Deployment is replaced"];
  if (change.kind === "deleted") return ["The server stops: its Deployment goes"];
  if (change.kind === "created" || change.after === undefined) return [];
  const [old, next] = [asObject(change.before?.inputs), asObject(change.after.inputs)];
  const [had, has] = [replicasOf(old), replicasOf(next)];
  if (has === 0) return had === 0 ? [] : ["The server stops: no replica is left"];
  if (had === 0) return ["The server starts again"];
  const restarts = change.properties.some(({ path }) => path.startsWith("spec.template"));
  return [
    ...(restarts ? [restart(next, has)] : []),
    ...(had === has
      ? []
      : [`${had} → ${count(has, "replica")}${restarts ? "" : ", without a restart"}`]),
    ...ofTemporaryVolume(old, next),
  ];
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;

/** What a rolling update means is the manifest's to say, not ours. */
function restart(deployment: unknown, replicas: number): string {
  const strategy = asObject(valueAt(deployment, ["spec", "strategy"]));
  if (strategy["type"] === "Recreate")
    return "The server restarts with downtime: all of its pods end before new ones start";
  const missing = missingPods(deployment, replicas);
  if (missing >= replicas)
    return "The server restarts with downtime: no pod has to stay while it rolls";
  const grace = secondsOfRequests(deployment);
  const fewer =
    missing === 0
      ? "a new pod is ready before an old one goes"
      : `${missing} of ${replicas} pods may be missing while it rolls`;
  return `The server restarts without downtime: ${fewer} (${count(replicas, "replica")}); a request under way has ${grace} s to end`;
}

/** From the decision to end a pod: its drain, and what the server gives its requests after that. */
function secondsOfRequests(deployment: unknown): number {
  const pod = asObject(valueAt(deployment, ["spec", "template", "spec"]));
  const [server] = listOf(pod["containers"]);
  const grace = textOf(
    listOf(server?.["env"]).find(({ name }) => name === "MLFLOW_INSTANCE_GRACE_SECONDS")?.["value"],
  );
  if (grace === undefined) return numberOf(pod["terminationGracePeriodSeconds"]) ?? 30;
  return (
    Number(grace) + (numberOf(valueAt(server, ["lifecycle", "preStop", "sleep", "seconds"])) ?? 0)
  );
}

function ofTemporaryVolume(before: unknown, after: unknown): string[] {
  const size = (deployment: unknown): number =>
    listOf(valueAt(deployment, ["spec", "template", "spec", "volumes"])).reduce(
      (sum, volume) => sum + (bytesOf(valueAt(volume, ["emptyDir", "sizeLimit"])) ?? 0),
      0,
    );
  const [old, next] = [size(before), size(after)];
  return old === 0 || next === 0 || next >= old
    ? []
    : [`Uploads under way in a pod have ${showBytes(next)} and no longer ${showBytes(old)} in all`];
}

const ofVersion = (before: InstanceFacts, after: InstanceFacts): string[] =>
  before.version === after.version || before.version === undefined || after.version === undefined
    ? []
    : [
        `MLflow ${before.version} → ${after.version}; the database's schema is brought to it first, while the old pods serve`,
      ];

const ofCertificate = ({ type, kind, after }: ResourceChange): string[] =>
  type === "kubernetes:core/v1:Secret" &&
  asObject(after?.inputs)["type"] === "kubernetes.io/tls" &&
  kind === "replaced"
    ? ["The TLS certificate changes"]
    : [];

function ofTokens(before: InstanceFacts, after: InstanceFacts): string[] {
  if (before.tokens === undefined || after.tokens === undefined) return [];
  const [old, next] = [before.tokens, after.tokens];
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].sort().flatMap((name) => {
    const [had, has] = [old[name], next[name]];
    if (had === undefined && has !== undefined) {
      return [
        `New token \`${name}\` (${has.role}, until ${has.expires}); its value: \`pulumi stack output tokens --show-secrets\``,
      ];
    }
    if (has === undefined)
      return [`Token \`${name}\` ends with the update: a client that uses it gets 401`];
    return [
      ...(had?.role === has.role
        ? []
        : [`Token \`${name}\`: role \`${had?.role ?? ""}\` → \`${has.role}\``]),
      ...(had?.generation === has.generation ? [] : [rotation(name, has)]),
      ...(had?.expires === has.expires || had?.generation !== has.generation
        ? []
        : [`Token \`${name}\` ends on ${has.expires} (was ${had.expires})`]),
    ];
  });
}

const rotation = (name: string, { generation, expires, previousValidUntil }: TokenFacts): string =>
  `Token \`${name}\` gets value ${generation}, until ${expires}: \`pulumi stack output tokens --show-secrets\`. ` +
  (previousValidUntil === ""
    ? "Clients with the value before get 401"
    : `Who has the value before needs the new one by ${previousValidUntil}; until then both work`);

function ofRetention(before: InstanceFacts, after: InstanceFacts): string[] {
  const [old, next] = [daysOf(before.retention), daysOf(after.retention)];
  if (old === undefined || next === undefined || old === next) return [];
  return [
    `Deleted experiments and runs can be restored for ${count(next, "day")} (was ${count(old, "day")})`,
  ];
}

function ofTraces(
  { traceRetention: before }: InstanceFacts,
  { traceRetention: after }: InstanceFacts,
): string[] {
  const [old, next] = [daysOf(before), daysOf(after)];
  if (old === next) return [];
  const was = old === undefined ? "" : ` (was ${count(old, "day")})`;
  return [
    next === undefined
      ? `Traces stay from now on${was}`
      : `Traces are removed after ${count(next, "day")}${was}`,
  ];
}
