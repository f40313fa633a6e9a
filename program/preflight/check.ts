import type { SecretKey } from "../values/secretKeys.ts";
import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { LastUpdate } from "../instance/lastUpdate.ts";
import type { Context } from "./context.ts";
import { Probe } from "./probes.ts";

/** What is asked besides the environment. */
export interface Asked {
  /** Every instance of this update. */
  readonly instances: readonly ResolvedInstance[];
  /** What the last update left. */
  readonly last: LastUpdate;
  /** UID of another cluster than the last update's, which the stack's config accepts. */
  readonly acceptedCluster: string | undefined;
  /**
   * Instances that the state has parts of, also of an update that failed; undefined where it can't
   * be read.
   */
  inState(): Promise<ReadonlySet<string> | undefined>;
  /** Whether the environment's instances have a ServiceMonitor. */
  readonly wantsServiceMonitors: boolean;
  /** Takes the cluster's identity, for the outputs of this update. */
  found(cluster: string): void;
  /** Takes the way to the cluster's API server, which has accepted the login. */
  reached(context: Context): void;
  /** The instances that the last update did not have. */
  readonly fresh: readonly ResolvedInstance[];
  /** The text of a secret of the config, for a login; it is part of no message. */
  secretText(key: SecretKey): string | undefined;
}

/** One question to a system that everything stands on. */
export interface Check {
  readonly what: string;
  /** Its address, in words. */
  readonly where: string;
  /** Config path of what it is about. */
  readonly path: string;
  /**
   * Fails with the reason, or with lines of its own. What it opens has to end with the probe. Gives
   * a note for the user, or the checks that make sense only now.
   */
  run(probe: Probe): Promise<string | readonly Check[] | Partial<Answer> | undefined | void>;
}

/** An error, and the value of the file that has to change. */
export interface Fault {
  /** A whole line without the file's place. */
  readonly text: string;
  /** Name of the instance whose file it is; undefined: it is the stack's. */
  readonly instance?: string | undefined;
  /** Path in the instance's file, or in the environment of the stack's. */
  readonly path?: string | undefined;
}

export interface Answer {
  readonly errors: readonly Fault[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

const nothing: Answer = { errors: [], warnings: [], notes: [] };

/** Several answers as one, in their order. */
export const together = (answers: readonly Partial<Answer>[]): Answer => ({
  errors: answers.flatMap(({ errors = [] }) => errors),
  warnings: answers.flatMap(({ warnings = [] }) => warnings),
  notes: answers.flatMap(({ notes = [] }) => notes),
});

/** A reason in our own words, which needs no translation. */
export class Reason extends Error {}

/** Several things that are wrong. */
export class Faults extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(({ text }) => text).join("\n"));
    this.faults = faults;
  }
}

/** In the usual words: what it is about, where it is, the config path and the reason. */
export const fault = (
  { what, where, path }: Pick<Check, "what" | "where" | "path">,
  reason: string,
): Fault => ({ text: `${what} at ${where} (${path}): ${reason}`, path });

/**
 * Asks; the time limit also holds while a name is being resolved, which no socket option covers,
 * and for the checks that follow from this one.
 */
export async function answerOf(
  check: Check,
  timeout: number,
  until = performance.now() + timeout,
): Promise<Answer> {
  const probe = new Probe();
  let further: readonly Check[] = [];
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Reason(`no answer within ${timeout / 1000} s`)),
      until - performance.now(),
    );
  });
  try {
    const found = await Promise.race([check.run(probe), limit]);
    if (typeof found === "string") return { ...nothing, notes: [found] };
    if (found !== undefined && !isChecks(found)) return { ...nothing, ...found };
    further = found ?? [];
  } catch (error) {
    return {
      ...nothing,
      errors:
        error instanceof Faults
          ? error.faults
          : [fault(check, wordsFor(error as NodeJS.ErrnoException))],
    };
  } finally {
    clearTimeout(timer);
    probe.end();
  }
  return answersOf(further, timeout, until);
}

const isChecks = (found: readonly Check[] | Partial<Answer>): found is readonly Check[] =>
  Array.isArray(found);

/** Asks all at once, and gives what each says in their order. */
export async function answersOf(
  checks: readonly Check[],
  timeout: number,
  until?: number,
): Promise<Answer> {
  return together(await Promise.all(checks.map((check) => answerOf(check, timeout, until))));
}

/** A failed connection in words that say what to mend. */
export function wordsFor(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connection refused: nothing listens there";
    case "ENOTFOUND":
      return "the name is unknown to DNS";
    case "EAI_AGAIN":
      return "the name could not be resolved: no DNS server answered";
    case "ECONNRESET":
      return "the other side closed the connection";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "there is no route to it";
    case "ETIMEDOUT":
      return "no answer";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `its certificate is for another host: ${error.message.split("altnames: ")[1] ?? error.message}`;
    case "CERT_HAS_EXPIRED":
      return "its certificate has expired";
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_GET_ISSUER_CERT":
      return `its certificate is signed by an authority that is not known here (${error.code})`;
    default:
      return error.message;
  }
}
