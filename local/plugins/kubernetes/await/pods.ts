// Why pods don't run, in their own words: scheduling, image, configuration, crash with the end of
// the log, failing probes.
import type { Properties } from "../../shared/values.ts";
import { events, pods } from "../kinds.ts";
import { condition, list, nameOf, namespaceOf, number, text } from "../objects.ts";
import { redact } from "../redact.ts";
import type { Waiting } from "./waiting.ts";

const logLines = 15;

export function selectorQuery(labels: Properties): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : ""}`)
    .join(",");
}

/** The end of a container's log, indented, or nothing. */
async function logTail(
  waiting: Waiting,
  pod: Properties,
  container: string,
  previous: boolean,
): Promise<string> {
  const path = `${waiting.client.path(pods, namespaceOf(pod), nameOf(pod))}/log`;
  const query = { container, tailLines: String(logLines), ...(previous && { previous: "true" }) };
  const log = await waiting.client
    .text("GET", path, { query, signal: waiting.signal, timeout: 5000 })
    .catch(() => "");
  return log.trim() === "" ? "" : `\n${redact(log.trimEnd()).replaceAll(/^/gm, "    | ")}`;
}

async function containerReasons(
  waiting: Waiting,
  pod: Properties,
  status: Properties,
): Promise<string[]> {
  const name = text(status, "name");
  const of = `container "${name}" of pod "${nameOf(pod)}"`;
  const waitingReason = text(status, "state", "waiting", "reason");
  const ended =
    number(status, "state", "terminated", "exitCode") !== undefined ? "state" : "lastState";
  const exitCode = number(status, ended, "terminated", "exitCode");
  const why = text(status, ended, "terminated", "reason");
  const crash = `exit code ${exitCode}${why === "" || why === "Error" ? "" : `, ${why}`}`;
  if (waitingReason === "CrashLoopBackOff") {
    return [
      `[CrashLoopBackOff] ${of} keeps ending (${crash})${await logTail(waiting, pod, name, true)}`,
    ];
  }
  if (
    waitingReason !== "" &&
    waitingReason !== "ContainerCreating" &&
    waitingReason !== "PodInitializing"
  ) {
    return [`[${waitingReason}] ${of}: ${redact(text(status, "state", "waiting", "message"))}`];
  }
  if (ended === "state" && exitCode !== 0)
    return [`${of} ended (${crash})${await logTail(waiting, pod, name, false)}`];
  if (
    ended === "lastState" &&
    exitCode !== undefined &&
    exitCode !== 0 &&
    status["ready"] !== true
  ) {
    return [`${of} was restarted (${crash})${await logTail(waiting, pod, name, true)}`];
  }
  return [];
}

/** The latest warnings about a pod: failed mounts, failing probes, refused sandboxes. */
async function warningsAbout(waiting: Waiting, pod: Properties): Promise<string[]> {
  const query = {
    fieldSelector: `involvedObject.uid=${text(pod, "metadata", "uid")},type=Warning`,
  };
  const found = await waiting.client
    .list(events, namespaceOf(pod), query, waiting.signal)
    .catch(() => []);
  const messages = found.map(
    (event) => `[${text(event, "reason")}] pod "${nameOf(pod)}": ${redact(text(event, "message"))}`,
  );
  return [...new Set(messages)].slice(-3);
}

async function podReasons(waiting: Waiting, pod: Properties): Promise<string[]> {
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.["status"] === "False")
    return [`[${text(scheduled, "reason")}] pod "${nameOf(pod)}": ${text(scheduled, "message")}`];
  const statuses = [
    ...list(pod, "status", "initContainerStatuses"),
    ...list(pod, "status", "containerStatuses"),
  ];
  const reasons = (
    await Promise.all(statuses.map((status) => containerReasons(waiting, pod, status)))
  ).flat();
  if (reasons.length > 0) return reasons;
  return condition(pod, "Ready")?.["status"] === "True" ? [] : await warningsAbout(waiting, pod);
}

/**
 * Reasons of the pods with these labels that belong to `belongs`; at most three pods' worth, they
 * mostly say the same.
 */
export async function reasonsOfPods(
  waiting: Waiting,
  namespace: string,
  labels: Properties,
  belongs: (pod: Properties) => boolean,
): Promise<string[]> {
  const found = await waiting.client
    .list(pods, namespace, { labelSelector: selectorQuery(labels) }, waiting.signal)
    .catch(() => []);
  const reasons: string[][] = [];
  for (const pod of found.filter(belongs)) {
    const ofPod = await podReasons(waiting, pod);
    if (ofPod.length > 0) reasons.push(ofPod);
    if (reasons.length === 3) break;
  }
  return reasons.flat();
}
