import { maintenanceRoleNames, type ResolvedInstance } from "@mlflow-instances/components/internal";
import type { Problem } from "../values/problems.ts";
import type { InstanceFile } from "./file.ts";

// Two instances of a stack must not have the same host, the same role in the database, or the same
// Secret for a token. Namespace,
// bucket, database and IAM roles follow from the file's name alone, and differ when the names do.

/** What an instance's file sets, and the instance that follows from it. */
export interface NamedFile {
  readonly file: InstanceFile;
  readonly resolved: ResolvedInstance;
}

interface UniqueValue {
  readonly noun: string;
  /** The key that sets it, where a file can. */
  readonly key?: keyof InstanceFile;
  readonly of: (instance: ResolvedInstance) => readonly string[];
}

const uniqueValues: readonly UniqueValue[] = [
  { noun: "host", key: "host", of: ({ host }) => [host] },
  {
    noun: "Secret of a delivered token",
    key: "tokens",
    of: ({ tokens }) =>
      tokens.flatMap(({ deliverTo }) =>
        deliverTo === undefined ? [] : [`${deliverTo.namespace}/${deliverTo.name}`],
      ),
  },
  // The role of a maintenance job is named as the database with an ending, and so may be the
  // database of another instance: `shop` and `shop-retention`.
  {
    noun: "database role",
    of: ({ database: { name, role } }) => [role, ...Object.values(maintenanceRoleNames(name))],
  },
];

/**
 * The problems of each file that shares such a value with another one. The file that sets the value
 * is wrong, not the one that has it by default; if both set it or neither does, the later file is.
 */
export function duplicateProblems<Instance extends NamedFile>(
  instances: readonly Instance[],
): Map<Instance, Problem[]> {
  const problems = new Map<Instance, Problem[]>();
  for (const value of uniqueValues) {
    const { key } = value;
    const isSet = ({ file }: NamedFile) => key !== undefined && file[key] !== undefined;
    const owners = new Map<string, Instance>();
    const byDefaultFirst = [
      ...instances.filter((each) => !isSet(each)),
      ...instances.filter((each) => isSet(each)),
    ];
    for (const instance of byDefaultFirst) {
      for (const text of value.of(instance.resolved)) {
        const owner = owners.get(text);
        if (owner === undefined) owners.set(text, instance);
        else {
          const name = owner.resolved.instanceName;
          const problem = isSet(instance)
            ? {
                path: [key!],
                message: `is ${text}, which is the ${value.noun} of ${name}; choose another`,
              }
            : {
                path: [],
                message: `the ${value.noun} ${text} is also that of ${name}; give the newer one another name`,
              };
          problems.set(instance, [...(problems.get(instance) ?? []), problem]);
        }
      }
    }
  }
  return problems;
}
