import type { EngineRun } from "../engine.ts";
import type { Step } from "../engineEvents.ts";
import { ExitCode } from "../../exitCode.ts";
import type { FileChange, GitChanges } from "./cause.ts";
import { changesOf, type ChangeKind, type ResourceChange } from "./changes.ts";
import { factsOf, type BeforeAndAfter, type Capacity } from "./facts.ts";
import { readFailures, type Failures } from "./failures.ts";
import { labelChangesOf, type LabelChange } from "./labels.ts";
import { noticesOf } from "./notices.ts";
import { findOwners } from "./owners.ts";
import { verdictsOf, type Exclusion, type Verdict } from "./policies.ts";
import { monthlyCost, type Prices } from "./prices.ts";
import type { PropertyChange } from "./propertyChanges.ts";
import { pulumiCountOf, type PulumiCount } from "./pulumiCount.ts";
import { replacementsOf } from "./replacements.ts";
import { risksOf, type LastInstance, type Risk } from "./risks.ts";
import { asObject, textOf } from "./values.ts";

export type Outcome = "no changes" | "clean" | "policy violation" | "destructive change" | "error";

export interface ResourceReport {
  readonly resource: string;
  readonly type: string;
  readonly kind: ChangeKind;
  readonly properties: readonly PropertyChange[];
}

export interface Sides<T> {
  readonly before: T;
  readonly after: T;
}

export interface InstanceReport {
  readonly name: string;
  readonly state: "new" | "changed" | "gone";
  /** Its own file, if it is among the changed ones; undefined without `--base`. */
  readonly cause?:
    { readonly file: string; readonly change: FileChange } | "defaults or code" | undefined;
  readonly notices: readonly string[];
  /** Each replaced resource, with what its replacement means. */
  readonly replacements: readonly string[];
  readonly labels: readonly LabelChange[];
  readonly capacity: Sides<Capacity>;
  readonly monthlyCost?: Sides<number>;
  readonly resources: readonly ResourceReport[];
}

/**
 * Everything that the page says, as data. A field is added without a new version; one that changes
 * its meaning makes a new one.
 */
export interface PreviewReport {
  readonly schema: "mlflow-instances/preview";
  readonly version: 1;
  readonly stack: string;
  readonly outcome: Outcome;
  readonly exitCode: ExitCode;
  readonly errors: readonly string[];
  /** Whether the program got to its end; if not, changes and capacity are not all there. */
  readonly complete: boolean;
  readonly risks: readonly Risk[];
  readonly policies: readonly Verdict[];
  readonly exclusions: readonly Exclusion[];
  readonly instances: readonly InstanceReport[];
  /** Instances that stay as they are. */
  readonly unchanged: readonly string[];
  /** What belongs to no instance. */
  readonly environment: readonly ResourceReport[];
  /** Only where Pulumi's own summary has another number of changed resources. */
  readonly pulumiCount?: PulumiCount;
  /** Of all instances together. */
  readonly capacity?: Sides<Capacity>;
  readonly cost?: { readonly monthly: Sides<number>; readonly prices: Omit<Prices, "monthly"> };
  readonly base?: string;
  readonly sharedFiles?: readonly string[];
  /** Changed instance files that change nothing. */
  readonly withoutEffect?: readonly string[];
  readonly warnings: readonly string[];
}

export interface ReportInput {
  readonly stack: string;
  readonly run: EngineRun;
  readonly exclusions: readonly Exclusion[];
  /** By it a token's value is over; left out, none is. */
  readonly today?: string;
  readonly prices?: Prices | undefined;
  readonly git?: GitChanges | undefined;
}

/** What a preview's events mean. Pure: the same events, files and day give the same report. */
export function reportOf({
  stack,
  run,
  exclusions,
  today = "",
  prices,
  git,
}: ReportInput): PreviewReport {
  const ownerOf = findOwners(run.steps);
  const changes = changesOf(run.steps, ownerOf);
  const facts = factsOf(run.steps, run.results, ownerOf);
  const policies = verdictsOf(run.policies, ownerOf);
  const failures = readFailures(
    run,
    policies.some(({ level }) => level === "mandatory"),
  );
  const risks = risksOf({ changes, facts, last: lastInstances(run.steps), today, ...failures });
  const outcome = outcomeOf(failures, risks, policies, changes.length);
  const instances = [...facts].flatMap(([name, sides]) =>
    instanceReport(name, sides, changes, prices, git),
  );
  const changed = new Set(instances.map(({ name }) => name));
  // A refusal of the program comes before any resource; what is then in the events is only what the
  // engine itself had to say.
  const complete = failures.errors.length === 0 && failures.vanished.size === 0;
  const capacity = total([...facts.values()]);
  const pulumiCount = complete ? pulumiCountOf(run, changes) : undefined;
  return {
    schema: "mlflow-instances/preview",
    version: 1,
    stack,
    outcome,
    exitCode: outcome === "error" && failures.wrongInput ? ExitCode.Wrong : exitCodes[outcome],
    errors: failures.errors,
    complete,
    risks,
    policies,
    exclusions,
    instances,
    unchanged: [...facts.keys()].filter((name) => !changed.has(name)),
    environment: changes.filter(({ instance }) => instance === undefined).map(shown),
    ...(pulumiCount === undefined ? {} : { pulumiCount }),
    ...(complete ? { capacity } : {}),
    ...(complete && prices !== undefined ? { cost: costOf(prices, capacity) } : {}),
    ...(git === undefined ? {} : causes(git, changed)),
    warnings: failures.warnings,
  };
}

/**
 * What the stack's outputs said of each instance after the last update: of one that the program
 * refuses to forget there is nothing else in the events.
 */
function lastInstances(steps: readonly Step[]): ReadonlyMap<string, LastInstance> {
  const stack = steps.find(({ type }) => type === "pulumi:pulumi:Stack");
  return new Map(
    Object.entries(asObject(asObject(stack?.old?.outputs)["instances"])).map(([name, outputs]) => {
      const { bucket, database, deletion } = asObject(outputs);
      const held = [["bucket", textOf(bucket)] as const, ["database", textOf(database)] as const];
      const texts = held.flatMap(([noun, value]) =>
        value === undefined ? [] : [`${noun} \`${value}\``],
      );
      return [
        name,
        {
          holds: texts.length === 0 ? undefined : texts.join(", "),
          prepared: deletion === "prepared",
        },
      ] as const;
    }),
  );
}

const exitCodes: Record<Outcome, ExitCode> = {
  "no changes": ExitCode.Done,
  clean: ExitCode.Done,
  "policy violation": ExitCode.PolicyViolated,
  "destructive change": ExitCode.Destructive,
  error: ExitCode.Failed,
};

function outcomeOf(
  failures: Failures,
  risks: readonly Risk[],
  policies: readonly Verdict[],
  changes: number,
): Outcome {
  if (failures.errors.length > 0) return "error";
  if (risks.some(({ destructive, confirmed }) => destructive && !confirmed))
    return "destructive change";
  if (policies.some(({ level }) => level === "mandatory")) return "policy violation";
  return changes === 0 ? "no changes" : "clean";
}

function instanceReport(
  name: string,
  sides: BeforeAndAfter,
  all: readonly ResourceChange[],
  prices: Prices | undefined,
  git: GitChanges | undefined,
): InstanceReport[] {
  const changes = all.filter(({ instance }) => instance === name);
  if (changes.length === 0) return [];
  const capacity = capacitiesOf(sides);
  return [
    {
      name,
      state: sides.before === undefined ? "new" : sides.after === undefined ? "gone" : "changed",
      cause: git === undefined ? undefined : (git.instanceFiles.get(name) ?? "defaults or code"),
      notices: noticesOf(sides, changes),
      replacements: replacementsOf(changes),
      labels: labelChangesOf(changes),
      capacity,
      ...(prices === undefined ? {} : { monthlyCost: costs(prices, capacity) }),
      resources: changes.map(shown),
    },
  ];
}

const shown = ({ name, type, kind, properties }: ResourceChange): ResourceReport => ({
  resource: name,
  type,
  kind,
  properties,
});

const nothing: Capacity = {
  replicas: 0,
  cpuMilli: 0,
  memoryBytes: 0,
  temporaryBytes: 0,
  connections: 0,
  databases: 0,
  storageClasses: [],
};

const capacitiesOf = ({ before, after }: BeforeAndAfter): Sides<Capacity> => ({
  before: before?.capacity ?? nothing,
  after: after?.capacity ?? nothing,
});

function total(all: readonly BeforeAndAfter[]): Sides<Capacity> {
  const sides = all.map(capacitiesOf);
  return {
    before: sum(sides.map(({ before }) => before)),
    after: sum(sides.map(({ after }) => after)),
  };
}

const sum = (capacities: readonly Capacity[]): Capacity =>
  capacities.reduce(
    (a, b) => ({
      replicas: a.replicas + b.replicas,
      cpuMilli: a.cpuMilli + b.cpuMilli,
      memoryBytes: a.memoryBytes + b.memoryBytes,
      temporaryBytes: a.temporaryBytes + b.temporaryBytes,
      connections: a.connections + b.connections,
      databases: a.databases + b.databases,
      storageClasses: [...new Set([...a.storageClasses, ...b.storageClasses])].sort(),
    }),
    nothing,
  );

const cents = (amount: number): number => Math.round(amount * 100) / 100;
const costs = (prices: Prices, { before, after }: Sides<Capacity>): Sides<number> => ({
  before: cents(monthlyCost(prices, before)),
  after: cents(monthlyCost(prices, after)),
});

const costOf = (prices: Prices, capacity: Sides<Capacity>): NonNullable<PreviewReport["cost"]> => {
  const { monthly: _monthly, ...facts } = prices;
  return { monthly: costs(prices, capacity), prices: facts };
};

const causes = ({ base, instanceFiles, shared }: GitChanges, changed: ReadonlySet<string>) => ({
  base,
  sharedFiles: shared,
  withoutEffect: [...instanceFiles].flatMap(([name, { file }]) =>
    changed.has(name) ? [] : [file],
  ),
});
