import { formerTypes, types } from "@mlflow-instances/components/internal";
import * as pulumi from "@pulumi/pulumi";
import { asObject } from "../environment/stackFile.ts";
import type { DeployedToken, DeployedTokens } from "./tokenGenerations.ts";

export interface LastInstance {
  /** Whether it was prepared for its deletion. */
  readonly prepared: boolean;
  /** Its URL. */
  readonly trackingUri?: string;
  readonly tokens: DeployedTokens;
}

/** What the outputs of the stack's last update say. */
export interface LastUpdate {
  readonly instances: ReadonlyMap<string, LastInstance>;
  /** UID of the namespace `kube-system` of the cluster that the stack was deployed to. */
  readonly cluster?: string;
}

/** An instance by its URN, also in a state of before 2026-12. */
const instanceUrn = new RegExp(`(?:${types.instance}|${formerTypes.instance})::(.+)$`);

const stackName = () => `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;

/**
 * Reads the outputs of the stack's own last update, with the function behind the engine's stack
 * references: it works on every backend and in a preview, is empty before the first update, and
 * unlike a StackReference leaves no resource in the state.
 */
export async function lastUpdate(): Promise<LastUpdate> {
  const name = stackName();
  let answer: unknown;
  try {
    answer = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name });
  } catch (error) {
    // Going on would delete resources without a request, or at best run into the engine's protection
    // half-way.
    throw new pulumi.RunError(
      `The outputs of the last update of ${name} can't be read; nothing was changed: ${(error as Error).message}`,
    );
  }
  const outputs = asObject(asObject(answer)["outputs"]);
  const cluster = textOf(outputs["cluster"]);
  const instances = Object.entries(asObject(outputs["instances"])).map(([instance, value]) => {
    const { deletion, trackingUri, tokens } = asObject(value);
    const uri = textOf(trackingUri);
    return [
      instance,
      {
        prepared: deletion === "prepared",
        ...(uri === undefined ? {} : { trackingUri: uri }),
        tokens: new Map(
          Object.entries(asObject(tokens)).map(([name, token]) => [name, deployedToken(token)]),
        ),
      },
    ] as const;
  });
  return { instances: new Map(instances), ...(cluster === undefined ? {} : { cluster }) };
}

/** Outputs of before 2026-12 have the first generation of every token. */
function deployedToken(value: unknown): DeployedToken {
  const { generation, created, previousCreated, deliverTo } = asObject(value);
  const { namespace, name } = asObject(deliverTo);
  return {
    generation: typeof generation === "number" ? generation : 1,
    created: textOf(created),
    previousCreated: textOf(previousCreated),
    deliveredTo: deliverTo === undefined ? undefined : `${textOf(namespace)}/${textOf(name)}`,
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/**
 * Instances of which the state has at least the component, those of an update that failed or was
 * interrupted included: a component is in the state before its first child is made. Undefined in a
 * preview of a stack without outputs: it may have no state at all, and the engine ends with a panic
 * at that question.
 */
export async function instancesInState({
  instances,
}: LastUpdate): Promise<ReadonlySet<string> | undefined> {
  if (instances.size === 0 && pulumi.runtime.isDryRun()) return undefined;
  const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName: stackName(),
  });
  return new Set(
    Object.keys(asObject(asObject(answer)["outputs"])).flatMap(
      (urn) => instanceUrn.exec(urn)?.[1] ?? [],
    ),
  );
}
