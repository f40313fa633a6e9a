import { controls } from "../../controls.ts";
import type { ContainerStatus, KubeEvent, Pod } from "./objects.ts";

/** Why something of an instance doesn't run. */
export interface Obstacle {
  /** The pod, or what can't make one. */
  readonly object: string;
  readonly container?: string;
  /** Kubernetes' own word. */
  readonly reason: string;
  readonly message: string;
  /** For so long it may go on, unchanged, before an update is ended. */
  readonly graceSeconds: number;
}

/**
 * How long each kind of obstacle may last. Kubernetes goes on trying in all of them, so that none
 * ends by itself; what another try may well mend gets longer. All but the last stay below the three
 * minutes within which an update fails.
 */
export const grace = {
  /** The image's name is wrong, a Secret isn't there, the container can't be made. */
  final: 60,
  /** A pull that failed for a reason of the network or of the registry's load. */
  transient: 150,
  /** Starts and ends again, at least twice. */
  crash: 60,
  /** A quota or an admission rule refuses the pod. */
  refused: 60,
  /** No node has room, and no autoscaler adds one. */
  unschedulable: 150,
  /** A volume or the pod's network isn't there. */
  sandbox: 150,
  /** Its probes fail; the start of a container may take 180 s. */
  notReady: 150,
  notStarted: 170,
  /** An autoscaler is making a node. */
  scaling: 900,
} as const;

const pullErrors = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);
const finalErrors = new Set([
  "InvalidImageName",
  "ErrImageNeverPull",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "StartError",
]);
const passing =
  /timeout|timed out|deadline|connection refused|connection reset|no such host|temporary failure|too many requests|toomanyrequests|status (code )?(429|5\d\d)|unavailable|EOF/i;
const sandboxEvents = new Set([
  "FailedMount",
  "FailedAttachVolume",
  "FailedCreatePodSandBox",
  "FailedMapVolume",
]);

/** What keeps the pods of a namespace from running, and what can't make one. */
export function obstaclesOf(pods: readonly Pod[], events: readonly KubeEvent[]): Obstacle[] {
  const ofPods = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap((pod) => obstacleOf(pod, events) ?? []);
  const refusals = new Map<string, Obstacle>();
  for (const { type, reason = "", message = "", involvedObject } of events) {
    if (
      type !== "Warning" ||
      reason !== "FailedCreate" ||
      !/^(ReplicaSet|Job)$/.test(involvedObject.kind ?? "")
    )
      continue;
    const object = `${involvedObject.kind} ${involvedObject.name}`;
    refusals.set(object, { object, reason, message: short(message), graceSeconds: grace.refused });
  }
  return [...ofPods, ...refusals.values()];
}

function obstacleOf(pod: Pod, events: readonly KubeEvent[]): Obstacle | undefined {
  const {
    phase,
    conditions = [],
    initContainerStatuses = [],
    containerStatuses = [],
  } = pod.status ?? {};
  if (phase === "Succeeded") return undefined;
  const object = `pod ${pod.metadata.name}`;
  const own = events.filter(({ involvedObject: { uid, name } }) =>
    uid === undefined ? name === pod.metadata.name : uid === pod.metadata.uid,
  );
  const unscheduled = conditions.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled !== undefined) {
    const { reason = "Unschedulable", message = "" } = unscheduled;
    if (reason === "SchedulingGated") return undefined;
    return {
      object,
      reason,
      message: short(message),
      graceSeconds: isScaling(own) ? grace.scaling : grace.unschedulable,
    };
  }
  for (const status of [...initContainerStatuses, ...containerStatuses]) {
    const found = containerObstacle(status, own);
    if (found !== undefined) return { object, container: status.name, ...found };
  }
  return undefined;
}

type OfContainer = Pick<Obstacle, "reason" | "message" | "graceSeconds">;

function containerObstacle(
  status: ContainerStatus,
  events: readonly KubeEvent[],
): OfContainer | undefined {
  const { state = {}, lastState, restartCount = 0, ready, started } = status;
  const { reason = "", message = "" } = state.waiting ?? {};
  // The kubelet alternates between the two, and only the first has the registry's answer.
  if (pullErrors.has(reason)) {
    // The kubelet writes two events for one failure: the registry's answer, and then "Error:
    // ErrImagePull".
    const pulled = lastOf(
      events,
      ({ reason, message = "" }) =>
        reason === "Failed" && /pull|image/i.test(message) && !/^Error: \w+$/.test(message),
    )?.message;
    const words = reason === "ImagePullBackOff" && pulled !== undefined ? pulled : message;
    return {
      reason: "ImagePullBackOff",
      message: short(words),
      graceSeconds: passing.test(words) ? grace.transient : grace.final,
    };
  }
  if (finalErrors.has(reason))
    return { reason, message: short(message), graceSeconds: grace.final };
  const ended = state.terminated ?? lastState?.terminated;
  if (
    ended !== undefined &&
    restartCount > 1 &&
    ended.exitCode !== 0 &&
    (state.running === undefined || ready !== true)
  )
    return { reason: "CrashLoopBackOff", message: endOf(ended), graceSeconds: grace.crash };
  if (reason === "ContainerCreating" || reason === "PodInitializing") {
    const event = lastOf(
      events,
      ({ type, reason }) => type === "Warning" && sandboxEvents.has(reason ?? ""),
    );
    return event === undefined
      ? undefined
      : {
          reason: event.reason ?? "",
          message: short(event.message ?? ""),
          graceSeconds: grace.sandbox,
        };
  }
  if (state.running === undefined || ready !== false || status.started === undefined)
    return undefined;
  const unhealthy = lastOf(events, ({ reason }) => reason === "Unhealthy")?.message;
  if (unhealthy === undefined) return undefined;
  return {
    reason: "Unhealthy",
    message: short(unhealthy),
    graceSeconds: started === true ? grace.notReady : grace.notStarted,
  };
}

function endOf({
  exitCode,
  reason,
  message = "",
}: {
  exitCode: number;
  reason?: string;
  message?: string;
}): string {
  const how = reason === "OOMKilled" ? "out of memory (OOMKilled)" : `exit code ${exitCode}`;
  return message.trim() === "" ? how : `${how}: ${short(message)}`;
}

const isScaling = (events: readonly KubeEvent[]): boolean => {
  const verdict = lastOf(events, ({ reason = "" }) =>
    /^(TriggeredScaleUp|Nominated|NotTriggerScaleUp)$/.test(reason),
  )?.reason;
  return verdict === "TriggeredScaleUp" || verdict === "Nominated";
};

function lastOf(
  events: readonly KubeEvent[],
  wanted: (event: KubeEvent) => boolean,
): KubeEvent | undefined {
  return events
    .filter(wanted)
    .sort((a, b) => ((a.lastTimestamp ?? "") < (b.lastTimestamp ?? "") ? -1 : 1))
    .at(-1);
}

const lineBreaks = /\s*[\r\n]+\s*/g;
const runs = new RegExp(`${controls.source}+`, controls.flags);

/** The end of a text on one line: the last lines of an error are those that say what it is. */
function short(text: string, most = 500): string {
  const flat = text.trim().replaceAll(lineBreaks, " | ").replaceAll(runs, " ");
  return flat.length <= most ? flat : `… ${flat.slice(-most)}`;
}
