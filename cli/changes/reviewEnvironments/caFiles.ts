import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { bundlesOf } from "../../../program/platforms/index.ts";
import { caFileName, writeCaFileAt } from "../../../program/environment/caFile.ts";
import { Refusal } from "../../refusal.ts";
import type { StackState } from "./state.ts";

/**
 * Makes the files with certificates that a state's providers name and that another machine has
 * written: the certificates themselves are in this checkout's stack files, and a file's name tells
 * which of them it holds.
 */
export function ensureCaFiles(
  root: string,
  stack: string,
  { resources }: Pick<StackState, "resources">,
): void {
  const named = resources
    .filter(({ type }) => type.startsWith("pulumi:providers:"))
    .flatMap(({ inputs }) => [inputs["customCaBundle"], inputs["sslrootcert"]])
    .filter((path) => typeof path === "string");
  const missing = [...new Set(named)].filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  const bundles = new Map(bundlesIn(join(root, "stacks")).map((pem) => [caFileName(pem), pem]));
  for (const path of missing) {
    const pem = bundles.get(basename(path));
    if (pem === undefined)
      throw new Refusal(
        `${stack}: its providers trust the certificates in ${path}, which is not on this machine, and no stack file of this checkout has them as caBundle (those of RDS are known by its region)`,
      );
    writeCaFileAt(path, pem);
  }
}

interface StackFile {
  readonly config?: Record<
    string,
    | {
        readonly platform?: {
          readonly caBundle?: unknown;
          readonly kind?: unknown;
          readonly region?: unknown;
        };
      }
    | undefined
  >;
}

const bundlesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => /^Pulumi\..+\.ya?ml$/.test(file))
    .flatMap((file) => {
      const { config } = (parse(readFileSync(join(folder, file), "utf8")) ?? {}) as StackFile;
      return bundlesOf(config?.["mlflow-instances:environment"]?.platform ?? {});
    });
