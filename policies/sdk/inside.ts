import { createRequire } from "node:module";
import type { PolicyResource } from "@pulumi/policy";
import type grpc from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import type analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";

// The SDK's modules that this folder reaches into. They are not part of its API, so they are loaded
// only for the versions in which they were read.

/** The versions in which the SDK's inside was read. */
export const readVersions = { "@pulumi/policy": "1.21.0", "@pulumi/pulumi": "3.270.0" } as const;

const require = createRequire(import.meta.url);

export type Versions = Record<keyof typeof readVersions, string>;

// Packages of Pulumi write their version with and without a v.
const versionOf = (name: string): string =>
  (require(`${name}/package.json`) as { version: string }).version.replace(/^v/, "");

export const installed: Versions = {
  "@pulumi/policy": versionOf("@pulumi/policy"),
  "@pulumi/pulumi": versionOf("@pulumi/pulumi"),
};

/** Why the SDK's inside is left alone; undefined where its versions are those that were read. */
export function noticeOn(versions: Versions): string | undefined {
  const other = (Object.keys(readVersions) as (keyof Versions)[]).filter(
    (name) => versions[name] !== readVersions[name],
  );
  if (other.length === 0) return undefined;
  const found = other.map((name) => `${name} is ${versions[name]}, not ${readVersions[name]}`);
  return `${found.join(", ")}: the rules use the SDK's public API alone. They are slower, remedy nothing, and put off every rule that meets an unknown value; install the versions of policies/package.json.`;
}

/** The SDK's error at every look at a value that a preview can't know. */
export interface UnknownValueError extends Error {
  readonly props: readonly (string | symbol)[];
}

interface Inside {
  readonly proxy: {
    readonly UnknownValueError: new (what: string, props: readonly string[]) => UnknownValueError;
    readonly unknownObjectValue: string;
    /** Under this key a guarded value gives what it guards. */
    readonly getSpecialProxyTarget: keyof PolicyResource["props"];
  };
  readonly deserialize: {
    deserializeProperties(struct: object, proxySecrets: boolean): Record<string, unknown>;
  };
  readonly analyzer: typeof analyzer;
  readonly grpc: typeof grpc;
}

/** The SDK's inside; undefined for versions that were not examined. */
export const inside: Inside | undefined =
  noticeOn(installed) === undefined
    ? {
        proxy: require("@pulumi/policy/proxy.js") as Inside["proxy"],
        // Only a pack needs these: commands read the rules without their time to load.
        get deserialize() {
          return require("@pulumi/policy/deserialize.js") as Inside["deserialize"];
        },
        get analyzer() {
          return require("@pulumi/pulumi/proto/analyzer_pb.js") as Inside["analyzer"];
        },
        get grpc() {
          return require("@pulumi/pulumi/proto/analyzer_grpc_pb.js") as Inside["grpc"];
        },
      }
    : undefined;
