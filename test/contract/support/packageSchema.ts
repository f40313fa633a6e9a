import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Cli } from "../../../local/stack/pulumi.ts";

/** One property of a package schema, as far as programs and reviews look at it. */
export interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly plain?: boolean;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}

export interface ObjectType {
  readonly enum?: readonly { readonly name: string; readonly value: string }[];
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

export interface Resource {
  readonly inputProperties: Readonly<Record<string, Property>>;
  readonly requiredInputs?: readonly string[];
  readonly properties: Readonly<Record<string, Property>>;
}

export interface PackageSchema {
  readonly name: string;
  readonly namespace?: string;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly types: Readonly<Record<string, ObjectType>>;
}

const components = fileURLToPath(new URL("../../../components", import.meta.url));

/**
 * What the real engine says of the component package: the very text that `pulumi package add` makes
 * an SDK from.
 */
export async function packageSchema({ cliPath, env }: Cli): Promise<PackageSchema> {
  const folder = await mkdtemp(join(tmpdir(), "mlflow-instances-schema-"));
  try {
    const { stdout } = await execa(cliPath, ["package", "get-schema", components], {
      cwd: folder,
      env,
    });
    return JSON.parse(stdout) as PackageSchema;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const reference = "#/types/";

/** The named type behind a property. */
export const typeName = ({ $ref }: Property): string | undefined => $ref?.slice(reference.length);

/** `mlflow-instances:index:Tier` -> `Tier`. */
export const shortName = (token: string): string => token.slice(token.lastIndexOf(":") + 1);
