import { lookup } from "node:dns/promises";
import { instanceNames } from "../stack/instanceNames.ts";
import type { Project } from "../stack/project.ts";
import { domain, objectStore, postgresql } from "./names.ts";

/**
 * Throws with the line for /etc/hosts when this machine does not know the services and the
 * instances by their names. The line is the user's to write: it needs the administrator's rights.
 */
export async function requireNames(project: Project): Promise<void> {
  const instances = await instanceNames(project);
  const names = [
    postgresql.host,
    objectStore.host,
    ...instances.map((name) => `${name}.${domain}`),
  ];
  const unknown = await Promise.all(
    names.map((name) =>
      lookup(name).then(
        () => [],
        () => [name],
      ),
    ),
  );
  if (unknown.flat().length === 0) return;
  throw new Error(
    `This machine does not know ${unknown.flat().join(", ")}. Add this line to /etc/hosts, then run the same command again (127.0.0.1 is right for kind; for another cluster it is the address at which a node answers):

127.0.0.1 ${names.join(" ")}
`,
  );
}
