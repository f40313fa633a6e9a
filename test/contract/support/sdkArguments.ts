import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../../../node_modules/@pulumi", import.meta.url));

/**
 * Names of the arguments of another package's resource, or undefined where it has no such resource.
 * Read from the package's Node SDK, which is made from the same schema as those of the other
 * languages; their schemas come from plugins that are not obtainable here.
 */
export function sdkArguments(token: string): string[] | undefined {
  const [, packageName, module, name] =
    /^(?:pulumi:providers:)?([a-z]+)(?::([\w./]+):(\w+))?$/.exec(token) ?? [];
  if (packageName === undefined) return undefined;
  const kind = name ?? "Provider";
  const path = [
    packageName,
    ...(name === undefined ? [] : (module ?? "").split("/")),
    `${kind.charAt(0).toLowerCase()}${kind.slice(1)}.d.ts`,
  ];
  const file = join(modules, ...path);
  if (!existsSync(file)) return undefined;
  const [, body = ""] =
    new RegExp(`interface ${kind}Args \\{\\n([\\s\\S]*?)\\n\\}`).exec(readFileSync(file, "utf8")) ??
    [];
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, argument]) => argument!);
}
