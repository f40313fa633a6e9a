import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The Pulumi project and stack that a command works on. */
export interface Project {
  /** Holds Pulumi.yaml. */
  readonly folder: string;
  readonly stack: string;
  /** One YAML file per instance. Tests and benchmarks give a folder of their own. */
  readonly instancesFolder: string;
}

const clone = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The project of this clone, with the folder that the program reads unless told otherwise. */
export const projectOf = (stack: string): Project => ({
  folder: clone,
  stack,
  instancesFolder: join(clone, "stacks", "instances", stack),
});

export const stackFile = (project: Project): string =>
  join(project.folder, "stacks", `Pulumi.${project.stack}.yaml`);
