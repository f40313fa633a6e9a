import { z } from "zod";

// What the maintenance commands in the server's image print: JSON Lines, each with `event`. Loose
// objects: an image that is newer than this clone may say more.

const text = z.string();
const count = z.number();
/** A time is ISO 8601, UTC. */
const time = z.string();
const name = text.nullish();

const removeEvent = z.looseObject({
  event: z.literal("remove"),
  kind: text,
  id: text,
  name,
  experiment: text.nullish(),
  deletedAt: time.nullish(),
  /** Of a trace that goes by its age. */
  madeAt: time.nullish(),
  objects: count,
  bytes: count,
});
const keepEvent = z.looseObject({
  event: z.literal("keep"),
  kind: text,
  id: text,
  name,
  experiment: text.nullish(),
  reason: text,
  because: text.nullish(),
});
const failEvent = z.looseObject({
  event: z.literal("fail"),
  kind: text.nullish(),
  id: text.nullish(),
  message: text,
});
const warningEvent = z.looseObject({ event: z.literal("warning"), message: text });
const sweepEvent = z.looseObject({
  event: z.literal("sweep"),
  what: text,
  objects: count,
  bytes: count,
});
const orphanEvent = z.looseObject({
  event: z.literal("orphan"),
  key: text,
  bytes: count,
  modified: time,
});
const missingEvent = z.looseObject({
  event: z.literal("missing"),
  kind: text,
  id: text,
  location: text,
});
const staleEvent = z.looseObject({
  event: z.literal("stale"),
  id: text,
  experiment: text.nullish(),
  name,
  startedAt: time.nullish(),
  lastActivityAt: time.nullish(),
  reason: text,
});
const restoredEvent = z.looseObject({ event: z.literal("restored"), kind: text, id: text, name });
const purgeEvent = z.looseObject({
  event: z.literal("purge"),
  kind: text,
  id: text,
  name,
  /** What has to be typed for its removal. */
  confirm: text,
  requestedBy: text.nullish(),
  at: time,
});
/** A row of the audit. What is null there is left out. */
const auditEvent = z.looseObject({
  event: z.literal("audit"),
  id: count,
  at: time,
  action: text,
  caller: text.nullish(),
  role: text.nullish(),
  claims: z.record(text, z.unknown()).nullish(),
  source: text,
  route: text,
  method: text,
  path: text,
  object: z.record(text, z.unknown()),
  /** 0: the request had no answer. */
  status: count,
  refusal: text.nullish(),
  /** Requests that the row stands for. */
  count,
});
/** When a caller was last seen. */
const useEvent = z.looseObject({ event: z.literal("use"), caller: text, lastUsed: time });
const summaryEvent = z.looseObject({
  event: z.literal("summary"),
  command: text,
  instance: text,
  dryRun: z.boolean(),
  startedAt: time,
  finishedAt: time,
  /** Of an audit that was cut: the time of its last row. */
  cutAt: time.optional(),
  /** Of uses of tokens. */
  recordedSince: time.optional(),
});

const eventSchema = z.discriminatedUnion("event", [
  removeEvent,
  keepEvent,
  failEvent,
  warningEvent,
  sweepEvent,
  orphanEvent,
  missingEvent,
  staleEvent,
  restoredEvent,
  purgeEvent,
  auditEvent,
  useEvent,
  summaryEvent,
]);

export type MaintenanceEvent = z.output<typeof eventSchema>;
export type Summary = z.output<typeof summaryEvent>;

/**
 * The event that a line of the log is, or nothing: logs of the command and of libraries come along
 * in the same stream.
 */
export function eventIn(line: string): MaintenanceEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
