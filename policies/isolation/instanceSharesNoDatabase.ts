import type { PolicyResource } from "@pulumi/policy";
import { databaseNameOf, roleNamesOf } from "../model/names.ts";
import { databaseType, kubernetesType, roleType } from "../model/resources.ts";
import { problemOf, stackRule, type Context } from "../rule.ts";
import { secretEntries, type SecretEntry } from "../model/secrets.ts";
import type { Instance } from "../model/stack.ts";

type Known = Pick<Context<unknown>, "known">;

/** Who logs in where, without the password. */
interface Login {
  readonly role: string;
  readonly database: string;
}

/** The login of an address of a PostgreSQL database; undefined for any other text. */
function loginOf(text: string): Login | undefined {
  const found = /^postgres(?:ql)?(?:\+[a-z0-9]+)?:\/\/([^:@/]*)(?::[^@/]*)?@[^/?]*\/([^?]+)/.exec(
    text,
  );
  return found === null
    ? undefined
    : { role: decodeURIComponent(found[1]!), database: decodeURIComponent(found[2]!) };
}

export const instanceSharesNoDatabase = stackRule({
  name: "instance-shares-no-database",
  pack: "isolation",
  severity: "critical",
  demand: "Every instance logs in to a database of its own, by a role of its own.",
  reason: "Instances that share a database share every experiment, registered model and token.",
  steps: "Let the instance log in to its own database with its own role.",
  *check({ instances }, context) {
    for (const instance of instances) {
      const databases = [
        databaseNameOf(instance.name),
        ...namesOf(instance.of(databaseType), context),
      ];
      const roles = [
        ...Object.values(roleNamesOf(instance.name)),
        ...namesOf(instance.of(roleType), context),
      ];
      for (const secret of instance.of(kubernetesType.secret)) {
        const told = new Set<string>();
        for (const entry of context.known(() => secretEntries(secret.props)) ?? []) {
          const login = context.known(() => loginOf(entry.text()));
          // Under the engine a Secret has its values twice, as they were given and encoded.
          if (login === undefined || told.has(`${entry.key} ${login.role} ${login.database}`))
            continue;
          told.add(`${entry.key} ${login.role} ${login.database}`);
          if (!databases.includes(login.database))
            yield problem(instance, secret, entry, `the database ${login.database}`, databases);
          if (!roles.includes(login.role))
            yield problem(instance, secret, entry, `the role ${login.role}`, roles);
        }
      }
    }
  },
});

const namesOf = (resources: readonly PolicyResource[], { known }: Known): string[] =>
  resources.flatMap(
    (resource) => known(() => (resource.props["name"] as string | undefined) ?? []) ?? [],
  );

const problem = (
  instance: Instance,
  secret: PolicyResource,
  { path }: SecretEntry,
  what: string,
  own: readonly string[],
) =>
  problemOf(
    instance,
    `${path} of the Secret ${secret.name} of instance ${instance.name} logs in with ${what}, which is not its own; use ${[...new Set(own)].join(" or ")}.`,
    secret,
  );
