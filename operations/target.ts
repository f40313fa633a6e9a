import { resolve } from "node:path";
import { namespaceName } from "@mlflow-instances/components";
import { readStack, stackNames } from "../stacks/stackOnDisk.ts";
import { nearestFirst } from "./nearest.ts";
import { Refusal } from "./refusal.ts";

/** The instance that a command is about, and the cluster that it is on. */
export interface Target {
  readonly stack: string;
  readonly instance: string;
  readonly namespace: string;
  readonly kubeconfig: string;
  readonly context: string;
}

/** Finds `<stack> <instance>` in the project's files. Names are looked up and never become part of a path. */
export function findTarget(root: string, stackName: string, instance: string): Target {
  const known = stackNames(root);
  if (!known.includes(stackName)) {
    throw new Refusal(`There is no stack "${stackName}"; those with a file in stacks/ are: ${list(nearestFirst(stackName, known))}.`);
  }
  const { stack, errors } = readStack(root, stackName);
  if (stack === undefined) throw new Refusal([`Wrong input for stack ${stackName}; nothing was changed:`, ...errors].join("\n  "));
  if (!stack.instances.includes(instance)) {
    const others = list(nearestFirst(instance, stack.instances));
    throw new Refusal(`Stack ${stackName} has no instance "${instance}"; those with a file in ${stack.instancesFolder}/ are: ${others}.`);
  }
  const { kubeconfig, context } = stack.environment.platform.kubernetes;
  return { stack: stackName, instance, namespace: namespaceName(instance), kubeconfig: resolve(root, kubeconfig), context };
}

const list = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));
