import type {
  ReportViolation,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { z } from "zod";
import { inside } from "./inside.ts";
import { readStackOnce } from "./readStackOnce.ts";
import { label, marksOf } from "../model/resources.ts";
import {
  isResourceRule,
  urlOf,
  type Context,
  type Problem,
  type Resource,
  type ResourceRule,
  type Rule,
  type StackRule,
} from "../rule.ts";
import {
  configurationOf,
  readConfiguration,
  type Configuration,
  type Exclusion,
} from "../settings.ts";
import { orUnknown, unknownPathOf } from "./unknown.ts";
import { writeInto } from "./writeInto.ts";

type Policy = ResourceValidationPolicy | StackValidationPolicy;

/** What the SDK's `reportViolation` takes besides a text; its declared type leaves it out. */
type Report = (violation: {
  message: string;
  urn?: string | undefined;
  enforcementLevel?: "advisory";
}) => void;

const reportOf = (report: ReportViolation): Report =>
  inside === undefined ? ({ message, urn }) => report(message, urn) : (report as unknown as Report);

const clock = (): string => new Date().toISOString().slice(0, 10);

/** A rule as the SDK serves it. The level is set by the pack. */
export function toPolicy(rule: Rule, today: () => string = clock): Policy {
  let read: Configuration | undefined;
  // The engine configures a pack once, before the first resource.
  const configuration: ReadOnce = (getConfig) => (read ??= configurationFor(rule, getConfig()));
  const facts = {
    name: rule.name,
    description: rule.demand,
    severity: rule.severity,
    tags: [rule.pack],
    url: urlOf(rule),
    remediationSteps: rule.steps,
    configSchema: configSchemaOf(rule),
  };
  return isResourceRule(rule)
    ? { ...facts, ...resourcePolicy(rule, configuration, today) }
    : { ...facts, ...stackPolicy(rule, configuration, today) };
}

type ReadOnce = (getConfig: () => object) => Configuration;

function configurationFor(rule: Rule, given: object): Configuration {
  const { configuration, problems } = readConfiguration(rule.name, rule.settings, given);
  if (configuration === undefined)
    throw new Error(
      `Wrong policy configuration:\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
  return configuration;
}

function resourcePolicy(rule: ResourceRule<any>, configuration: ReadOnce, today: () => string) {
  const { remedy } = rule;
  return {
    validateResource: async (
      args: Resource & { getConfig: () => object },
      report: ReportViolation,
    ) => {
      if (!rule.types.includes(args.type)) return;
      const settings = configuration(args.getConfig);
      await judge(
        rule,
        (context) => rule.check(args, context),
        settings,
        today(),
        report,
        () => instanceOf(args, settings.exclusions),
      );
    },
    // Written by the SDK itself, a remedied secret would go to the state in clear.
    ...(remedy === undefined || inside === undefined
      ? {}
      : {
          remediateResource: (args: Resource & { getConfig: () => object }) => {
            if (!rule.types.includes(args.type)) return undefined;
            const settings = configuration(args.getConfig);
            if (isExcluded(settings.exclusions, instanceOf(args, settings.exclusions), today()))
              return undefined;
            const wanted = remedy(args, { settings, today: today(), known: orUnknown });
            if (wanted === undefined) return undefined;
            writeInto(args.props, wanted);
            return args.props;
          },
        }),
  } as Pick<ResourceValidationPolicy, "validateResource" | "remediateResource">;
}

function stackPolicy(
  rule: StackRule<any>,
  configuration: ReadOnce,
  today: () => string,
): Pick<StackValidationPolicy, "validateStack"> {
  return {
    validateStack: (args, report) =>
      judge(
        rule,
        (context) => rule.check(readStackOnce(args.resources), context),
        configuration(args.getConfig),
        today(),
        report,
        () => [],
      ),
  };
}

async function judge(
  rule: Rule,
  check: (context: Context<any>) => Iterable<string | Problem> | AsyncIterable<string | Problem>,
  settings: { exclusions: Exclusion[] },
  today: string,
  reportViolation: ReportViolation,
  instancesOfResource: () => string[],
): Promise<void> {
  const report = reportOf(reportViolation);
  const describe = (text: string) => `${rule.demand}\n${text}`;
  const later = new Set<string>();
  const context: Context<unknown> = {
    settings,
    today,
    known: (read) => orUnknown(read, (path) => later.add(path)),
  };
  try {
    for await (const found of check(context)) {
      const problem: Problem = typeof found === "string" ? { message: found } : found;
      const concerned = problem.instances ?? instancesOfResource();
      if (isExcluded(settings.exclusions, concerned, today)) continue;
      const ended = settings.exclusions.filter(
        ({ instance, until }) => concerned.includes(instance) && until < today,
      );
      const notes = ended.map(
        ({ until, reason }) => ` Its exclusion ended on ${until} ("${reason}").`,
      );
      report({ message: describe(problem.message + notes.join("")), urn: problem.urn });
    }
  } catch (error) {
    later.add(unknownPathOf(error));
  }
  // Said as advice, whatever the rule's level: nothing is broken as yet, and nothing was proved
  // either.
  if (later.size > 0) {
    report({
      message: describe(
        `Not known in a preview: ${[...later].join(", ")}. It is checked at \`up\`.`,
      ),
      enforcementLevel: "advisory",
    });
  }
}

/**
 * The instance that a resource says it belongs to; where it can't say so, the excluded one whose
 * name begins its logical name.
 */
function instanceOf(resource: Resource, exclusions: readonly Exclusion[]): string[] {
  const marked = orUnknown(() => marksOf(resource)[label.instance]);
  if (marked !== undefined) return [marked];
  return exclusions
    .map(({ instance }) => instance)
    .filter((name) => resource.name.startsWith(`${name}-`));
}

// Every instance that a problem concerns has to be excluded: two that share a bucket are not both
// right because one may.
const isExcluded = (
  exclusions: readonly Exclusion[],
  concerned: readonly string[],
  today: string,
): boolean =>
  concerned.length > 0 &&
  concerned.every((name) =>
    exclusions.some(({ instance, until }) => instance === name && until >= today),
  );

/**
 * The configuration's schema, with which the engine refuses a wrong file before the program runs.
 */
function configSchemaOf(rule: Rule) {
  const { properties = {} } = z.toJSONSchema(configurationOf(rule.settings), {
    io: "input",
    // A wrong date would be refused twice, the second time with a pattern of a hundred characters.
    override: ({ jsonSchema }) => void (jsonSchema.format === "date" && delete jsonSchema.pattern),
  });
  return { properties: properties as Record<string, any> };
}
