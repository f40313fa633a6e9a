import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type {
  DiagnosticEvent,
  EngineEvent,
  PolicyEvent,
  StepEventMetadata,
  SummaryEvent,
} from "@pulumi/pulumi/automation/index.js";

/** A step of the engine. */
export type Step = StepEventMetadata;
export type StepState = NonNullable<Step["old"]>;

export interface PolicyFinding extends Omit<PolicyEvent, "enforcementLevel"> {
  readonly enforcementLevel: "advisory" | "mandatory" | "remediate" | "disabled" | "warning";
  readonly severity?: string;
}

export interface EngineEvents {
  /**
   * Every resource's step in the engine's order, `same` included; secrets are sealed by the engine,
   * `[secret]`.
   */
  readonly steps: readonly Step[];
  /** Steps that failed. */
  readonly failed: readonly Step[];
  readonly policies: readonly PolicyFinding[];
  /**
   * Warnings, errors and what the program says; without debug lines and progress. Colour marks are
   * taken off.
   */
  readonly diagnostics: readonly DiagnosticEvent[];
  /**
   * What came of each step (a component's and the stack's own come twice: before its outputs are
   * registered and after). A refresh says its verdict here only.
   */
  readonly results: readonly Step[];
  readonly summary: SummaryEvent | undefined;
  /** Whether the program was started. */
  readonly started: boolean;
}

const colours = /<\{%[^%]*%\}>/g;
const plain = (text: string): string => text.replace(colours, "").trimEnd();

/**
 * Keeps what a command needs of an event log: its lines are large, and most of them are the
 * engine's own progress.
 */
export async function readEvents(lines: AsyncIterable<string>): Promise<EngineEvents> {
  const steps: Step[] = [];
  const failed: Step[] = [];
  const policies: PolicyFinding[] = [];
  const diagnostics: DiagnosticEvent[] = [];
  const results: Step[] = [];
  let summary: SummaryEvent | undefined;
  let started = false;
  for await (const line of lines) {
    const event = parse(line);
    if (event === undefined) continue;
    const {
      resourcePreEvent,
      resOutputsEvent,
      resOpFailedEvent,
      policyEvent,
      diagnosticEvent,
      summaryEvent,
    } = event;
    if (event.preludeEvent) started = true;
    if (resourcePreEvent) steps.push(stepOf(resourcePreEvent.metadata));
    if (resOpFailedEvent) failed.push(stepOf(resOpFailedEvent.metadata));
    if (resOutputsEvent) results.push(stepOf(resOutputsEvent.metadata));
    if (policyEvent)
      policies.push({ ...(policyEvent as PolicyFinding), message: plain(policyEvent.message) });
    if (
      diagnosticEvent &&
      !diagnosticEvent.ephemeral &&
      (diagnosticEvent.severity as string) !== "debug"
    ) {
      const message = plain(diagnosticEvent.message);
      if (message !== "") diagnostics.push({ ...diagnosticEvent, message });
    }
    if (summaryEvent) summary = summaryEvent;
  }
  return { steps, results, failed, policies, diagnostics, summary, started };
}

/** The log says `null` where the SDK's type has nothing. */
const stepOf = (metadata: StepEventMetadata): Step =>
  Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== null),
  ) as unknown as Step;

/** The events of a log file; none when the engine did not get as far as writing one. */
export const readEventLog = (path: string): Promise<EngineEvents> =>
  readEvents(createInterface({ input: createReadStream(path), crlfDelay: Infinity }));

function parse(line: string): EngineEvent | undefined {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    // The last line of an engine that was killed.
    return undefined;
  }
}
