import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";

/** How far a one-off Job's pod is, judged by the pod and by the events of Job and pod. */
export interface StartState {
  readonly started: boolean;
  /** What it is waiting for, in the cluster's own words where it has any. */
  readonly waitingFor: string;
  /** Whether it is unlikely to go on by itself. */
  readonly stuck: boolean;
}

// The reasons that need an administrator. A pod that waits for room may get it, and an image may be
// large: those have the long limit.
const stuckContainer = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);
const stuckEvents = new Set(["FailedCreate", "FailedMount", "Failed", "InspectFailed"]);

export function startState(pod: V1Pod | undefined, events: readonly CoreV1Event[]): StartState {
  const warning = events
    .filter(({ type }) => type === "Warning")
    .sort((a, b) => timeOf(a) - timeOf(b))
    .at(-1);
  const stuckByEvent = stuckEvents.has(warning?.reason ?? "");
  const said = warning === undefined ? undefined : `${warning.reason}: ${warning.message?.trim()}`;
  if (pod === undefined)
    return { started: false, waitingFor: said ?? "a pod", stuck: stuckByEvent };

  const status = pod.status?.containerStatuses?.[0];
  if (
    status?.state?.running !== undefined ||
    status?.state?.terminated !== undefined ||
    isOver(pod)
  ) {
    return { started: true, waitingFor: "", stuck: false };
  }
  const waiting = status?.state?.waiting;
  if (stuckContainer.has(waiting?.reason ?? "")) {
    // "Back-off pulling image" hides what the pull failed with; the event that came first has it.
    const pull = events
      .filter(({ reason, message }) => reason === "Failed" && message?.startsWith("Failed to pull"))
      .at(-1);
    const words = pull?.message ?? waiting?.message ?? said;
    return {
      started: false,
      waitingFor: `${waiting?.reason}: ${words ?? "no more is said"}`,
      stuck: true,
    };
  }
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled !== undefined) {
    return {
      started: false,
      waitingFor: `a node: ${unscheduled.message ?? unscheduled.reason ?? "none is free"}`,
      stuck: false,
    };
  }
  return { started: false, waitingFor: said ?? "its container to start", stuck: stuckByEvent };
}

export const isOver = (pod: V1Pod): boolean =>
  ["Succeeded", "Failed"].includes(pod.status?.phase ?? "");

function timeOf({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();
}
