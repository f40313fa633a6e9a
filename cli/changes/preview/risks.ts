import type { ResourceChange } from "./changes.ts";
import { holderTypes, type BeforeAndAfter, type InstanceFacts } from "./facts.ts";
import { logicalNameOf } from "./owners.ts";
import { daysOf } from "./quantities.ts";
import { asObject, textOf, valueAt } from "./values.ts";

/** Data or access that goes, or that nothing guards any more. */
export interface Risk {
  readonly instance: string | undefined;
  readonly kind: "file gone" | "data" | "protection" | "retention" | "token";
  /** What is lost can't be had back. */
  readonly destructive: boolean;
  /** The team has asked for it by the instance's name, or it is a review environment's. */
  readonly confirmed: boolean;
  readonly text: string;
}

/** An instance in the stack's outputs. */
export interface LastInstance {
  /** Words for its bucket and database. */
  readonly holds: string | undefined;
  readonly prepared: boolean;
}

interface Input {
  readonly changes: readonly ResourceChange[];
  readonly facts: ReadonlyMap<string, BeforeAndAfter>;
  /** Lines of the program about instances whose file is gone, by instance. */
  readonly vanished: ReadonlyMap<string, string>;
  /** What the last update said of them. */
  readonly last: ReadonlyMap<string, LastInstance>;
  readonly today: string;
  /** Resources that the engine refuses to delete because they are protected. */
  readonly refused: ReadonlySet<string>;
}

/** Everything that is at risk, the worst first. */
export function risksOf({ changes, facts, vanished, last, today, refused }: Input): Risk[] {
  const risks = [
    ...[...vanished].map(([instance, line]): Risk => {
      const held = last.get(instance)?.holds;
      const text = held === undefined ? line : `${line}. Nothing of it goes now: ${held}`;
      return { instance, kind: "file gone", destructive: true, confirmed: false, text };
    }),
    ...changes.flatMap((change) =>
      ofHolder(change, facts.get(change.instance ?? ""), last.get(change.instance ?? ""), refused),
    ),
    ...[...facts].flatMap(([instance, { before, after }]) =>
      before === undefined || after === undefined
        ? []
        : [
            ...ofRetention(instance, before, after),
            ...ofTraces(instance, before, after),
            ...ofTokens(instance, before, after, today),
          ],
    ),
    ...changes.flatMap((change) => ofTokenValue(change, facts.get(change.instance ?? ""))),
  ];
  const rank = (risk: Risk): number =>
    risk.destructive ? (risk.confirmed ? 1 : 0) : risk.kind === "protection" ? 2 : 3;
  return risks
    .map((risk, at) => ({ risk, at }))
    .sort((a, b) => rank(a.risk) - rank(b.risk) || a.at - b.at)
    .map(({ risk }) => risk);
}

/** `pr-12`: nothing in it is meant to stay. */
const isPreview = (facts: InstanceFacts | undefined): boolean =>
  /^pr-\d+$/.test(facts?.environment ?? "");

function ofHolder(
  change: ResourceChange,
  sides: BeforeAndAfter | undefined,
  last: LastInstance | undefined,
  refused: ReadonlySet<string>,
): Risk[] {
  const noun = holderTypes[change.type];
  if (noun === undefined || change.kind === "created") return [];
  const { instance, before, after } = change;
  const what = `${noun} \`${physicalName(change)}\``;
  // The marks are there before the last dump is; the stack's outputs say that it was written.
  const confirmed =
    (sides?.before?.deletionPrepared === true && last?.prepared !== false) ||
    isPreview(sides?.before);
  if (change.kind === "deleted" || change.kind === "replaced") {
    const because = change.properties
      .filter(({ replaces }) => replaces)
      .map(({ path }) => `\`${path}\``);
    const replaced =
      because.length > 0
        ? `is replaced, because of ${because.join(", ")}: the old one`
        : "is replaced: the old one";
    const text = [
      `${what} ${change.kind === "replaced" ? replaced : ""}`.trimEnd(),
      fate(
        noun,
        before?.retainOnDelete === true,
        asObject(before?.inputs)["forceDestroy"] === true,
      ),
    ].join(" ");
    const stop = refused.has(change.urn) ? "; it is protected, so the engine refuses" : "";
    return [{ instance, kind: "data", destructive: true, confirmed, text: text + stop }];
  }
  const offs = change.properties.flatMap(({ path, new: next }) =>
    path === "protect" && next === "false"
      ? ["can be deleted from now on (`protect` goes)"]
      : path === "forceDestroy" && next === "true"
        ? ["can be deleted with all objects in it (`forceDestroy`)"]
        : [],
  );
  if (offs.length === 0) return [];
  const asked =
    after !== undefined && (sides?.after?.deletionPrepared === true || isPreview(sides?.after));
  return [
    {
      instance,
      kind: "protection",
      destructive: false,
      confirmed: asked,
      text: `${what} ${offs.join(" and ")}`,
    },
  ];
}

function fate(noun: string, retained: boolean, forced: boolean): string {
  if (retained)
    return "is removed from the stack and stays where it is, unmanaged (`retainOnDelete`)";
  if (noun === "bucket")
    return forced
      ? "is deleted with all objects in it"
      : "is deleted; the store refuses as long as objects are in it";
  if (noun === "database") return "is dropped with everything in it";
  if (noun === "database server") return "is deleted with the databases of all instances on it";
  return noun === "namespace" || noun === "volume"
    ? "is deleted with everything in it"
    : "is dropped";
}

function physicalName({ before, after, name }: ResourceChange): string {
  const inputs = asObject((before ?? after)?.inputs);
  return (
    textOf(inputs["bucket"]) ??
    textOf(inputs["name"]) ??
    textOf(inputs["identifier"]) ??
    textOf(valueAt(inputs, ["metadata", "name"])) ??
    name
  );
}

function ofRetention(instance: string, before: InstanceFacts, after: InstanceFacts): Risk[] {
  const [old, next] = [daysOf(before.retention), daysOf(after.retention)];
  if (old === undefined || next === undefined || next >= old) return [];
  const text =
    `retention of what was deleted is shortened from ${old} to ${next} days: what was deleted more than ${next} days before the next retention run${schedule(after)} ` +
    `goes with that run, also when it was deleted under the promise of ${old} days`;
  return [{ instance, kind: "retention", destructive: false, confirmed: false, text }];
}

/** Traces have no grace: what is too old goes from active experiments with the next run. */
function ofTraces(instance: string, before: InstanceFacts, after: InstanceFacts): Risk[] {
  const [old, next] = [daysOf(before.traceRetention), daysOf(after.traceRetention)];
  if (next === undefined || (old !== undefined && next >= old)) return [];
  const text =
    `traces of active experiments that are more than ${next} days old go for good with the next retention run${schedule(after)}; ` +
    (old === undefined ? "until now they stay" : `until now they stay for ${old} days`) +
    `. The tag \`keep\` keeps them; \`npx mlflow-instances retention … --dry-run\` after the update lists them`;
  return [{ instance, kind: "retention", destructive: false, confirmed: false, text }];
}

const schedule = ({ retentionSchedule }: InstanceFacts): string =>
  retentionSchedule === undefined ? "" : ` (${retentionSchedule})`;

function ofTokens(
  instance: string,
  before: InstanceFacts,
  after: InstanceFacts,
  today: string,
): Risk[] {
  if (before.tokens === undefined || after.tokens === undefined) return [];
  const now = after.tokens;
  return Object.entries(before.tokens).flatMap(([name, had]): Risk[] => {
    const { expires, role } = had;
    const next = now[name];
    const risk = (text: string): Risk[] => [
      { instance, kind: "token", destructive: false, confirmed: false, text },
    ];
    if (next === undefined)
      return risk(
        `token \`${name}\` (${role}, until ${expires}) is removed: requests with it are refused within seconds`,
      );
    // A new value has a life of its own; of the old one it is said below when it ends.
    if (next.generation !== had.generation)
      return next.previousValidUntil === ""
        ? risk(
            `token \`${name}\` gets a new value: requests with the old one are refused within seconds. \`previousValidUntil\` keeps it valid for a while`,
          )
        : next.previousValidUntil < expires
          ? risk(
              `token \`${name}\` gets a new value: requests with the old one are refused after ${next.previousValidUntil} and no longer after ${expires}`,
            )
          : [];
    return [
      ...(next.expires < expires
        ? risk(`token \`${name}\` ends on ${next.expires} and no longer on ${expires}`)
        : []),
      ...(next.previousValidUntil < had.previousValidUntil && had.previousValidUntil >= today
        ? risk(
            `the previous value of token \`${name}\` ends ${next.previousValidUntil === "" ? "with the update" : `on ${next.previousValidUntil}`} and no longer on ${had.previousValidUntil}`,
          )
        : []),
    ];
  });
}

/** A token that gets another value is a new one under an old name. */
function ofTokenValue(change: ResourceChange, sides: BeforeAndAfter | undefined): Risk[] {
  const token = tokenNameOf(change);
  if (token === undefined || change.kind !== "replaced" || sides?.before === undefined) return [];
  const text = `token \`${token}\` gets a new value: requests with the old one are refused within seconds`;
  return [{ instance: change.instance, kind: "token", destructive: false, confirmed: false, text }];
}

function tokenNameOf({ type, urn, instance }: ResourceChange): string | undefined {
  if (type !== "random:index/randomPassword:RandomPassword" || instance === undefined)
    return undefined;
  const name = logicalNameOf(urn);
  return name.startsWith(`${instance}-token-`)
    ? /^(.+)-g\d+$/.exec(name.slice(`${instance}-token-`.length))?.[1]
    : undefined;
}
