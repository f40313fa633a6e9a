import { resolve } from "node:path";
import { namespaceName } from "@mlflow-instances/components/internal";
import { factsOf, type Platform } from "../../program/platforms/index.ts";
import type { AwsPlatform } from "../../program/platforms/aws/schema.ts";
import type { ClusterByContext, NamedCluster } from "../../program/platforms/kind.ts";
import { readStack } from "../../program/instance/stackOnDisk.ts";
import { nearestFirst } from "../../program/values/nearest.ts";
import { Refusal } from "../refusal.ts";
import { refuseUnknownStack } from "../unknownStack.ts";

/** The instance that a command is about, and the cluster that it is on. */
export interface Target {
  readonly stack: string;
  readonly instance: string;
  readonly namespace: string;
  readonly place: Place;
}

/**
 * Where its cluster is found: a context of a kubeconfig, or an EKS cluster whose address AWS knows.
 */
export type Place = ClusterByContext | NamedCluster<AwsPlatform>;

/**
 * Finds `<stack> <instance>` in the project's files. Names are looked up and never become part of a
 * path.
 */
export function findTarget(root: string, stackName: string, instance: string): Target {
  refuseUnknownStack(root, stackName);
  const { stack, errors } = readStack(root, stackName);
  if (stack === undefined)
    throw new Refusal(
      [`Wrong input for stack ${stackName}; nothing was changed:`, ...errors].join("\n  "),
    );
  if (!stack.instances.includes(instance)) {
    const others = list(nearestFirst(instance, stack.instances));
    throw new Refusal(
      `Stack ${stackName} has no instance "${instance}"; those with a file in ${stack.instancesFolder}/ are: ${others}.`,
    );
  }
  return {
    stack: stackName,
    instance,
    namespace: namespaceName(instance),
    place: placeOf(root, stack.environment.platform),
  };
}

function placeOf(root: string, platform: Platform): Place {
  const { cluster } = factsOf(platform);
  return cluster.clusterName === undefined
    ? { ...cluster, kubeconfig: resolve(root, cluster.kubeconfig) }
    : cluster;
}

const list = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));
