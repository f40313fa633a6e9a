import * as pulumi from "@pulumi/pulumi";
import type { NamedArgs, NamedPlatform } from "./namedArgs.ts";
import { idRules, type IdRule } from "./idRules.ts";

/** The value of an id, now that it is known; throws with its path when it breaks its rule. */
export function knownId(path: string, known: unknown, { holds, reason }: IdRule): string {
  if (typeof known !== "string" || !holds(known)) throw new Error(`${path}: ${reason}`);
  return known;
}

/**
 * A value that is checked again when it is known: an output of a stack reference or of another
 * resource may be empty, and to a policy that is not nothing but something else. A plain one was
 * checked before.
 */
export function guarded<T extends pulumi.Input<string> | undefined>(
  path: string,
  value: T,
  rule: IdRule,
): T {
  if (value === undefined || typeof value === "string") return value;
  const output = pulumi.output(value as pulumi.Input<unknown>) as pulumi.Output<unknown>;
  return output.apply((known) => knownId(path, known, rule)) as unknown as T;
}

const all = (path: string, values: pulumi.Input<string>[], rule: IdRule) =>
  values.map((value, index) => guarded(`${path}[${index}]`, value, rule));

/** Only the fields that are set: the component tells "not set" from "set to undefined". */
function each<T extends object>(path: string, of: T, rules: { [Key in keyof T]?: IdRule }): T {
  const fields = Object.entries(rules).flatMap(([field, rule]) => {
    const value = of[field as keyof T] as pulumi.Input<string> | pulumi.Input<string>[] | undefined;
    if (value === undefined || rule === undefined) return [];
    const at = `${path}.${field}`;
    const kept = Array.isArray(value)
      ? all(at, value, rule as IdRule)
      : guarded(at, value, rule as IdRule);
    return [[field, kept]];
  });
  return { ...of, ...(Object.fromEntries(fields) as Partial<T>) };
}

/** The platform with its ids guarded. */
function guardedPlatform(platform: NamedPlatform): NamedPlatform {
  const { objectStore, podIdentity, postgresql, ingress, network } = platform;
  return {
    ...each("platform", platform, { image: idRules.text }),
    objectStore: each("platform.objectStore", objectStore, {
      kmsKeyArn: idRules.kmsKeyArn,
      adminPrincipals: idRules.principal,
    }),
    ...(podIdentity === undefined
      ? {}
      : {
          podIdentity: each("platform.podIdentity", podIdentity, {
            oidcProviderArn: idRules.oidcProviderArn,
            clusterName: idRules.clusterName,
            permissionsBoundaryArn: idRules.permissionsBoundaryArn,
          }),
        }),
    postgresql: each("platform.postgresql", postgresql, { host: idRules.databaseHost }),
    ingress: {
      ...each("platform.ingress", ingress, { dnsZoneId: idRules.dnsZoneId }),
      tls: each("platform.ingress.tls", ingress.tls, { certificateArn: idRules.certificateArn }),
    },
    network: each("platform.network", network, {
      databaseCidrs: idRules.cidr,
      objectStoreCidrs: idRules.cidr,
      endpointCidrs: idRules.cidr,
      ingressCidrs: idRules.cidr,
      dnsCidrs: idRules.cidr,
    }),
  };
}

/** The arguments with every id that may be an output guarded. */
export const guardedArgs = (args: NamedArgs): NamedArgs => ({
  ...args,
  platform: guardedPlatform(args.platform),
});
