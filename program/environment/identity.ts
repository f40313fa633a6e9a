import {
  CiClaims,
  tokenNamePattern,
  type TokenIssuer,
} from "@mlflow-instances/components/internal";
import { z } from "zod";
import { defined } from "../values/defined.ts";
import { strict } from "../values/problems.ts";
import { expected } from "../values/wrongValue.ts";

/** The issuer that is the cluster's own. */
const clusterIssuer = "kubernetes";

const cidr = z.union([z.cidrv4(), z.cidrv6()], {
  error: expected("an address range such as 10.0.0.0/16"),
});

const issuerSchema = strict({
  url: z
    .string()
    .regex(/^https:\/\/[^\s?#@]+$/, {
      error: expected("an https:// URL, as the claim iss of the tokens has it"),
    })
    .describe(
      "The claim `iss` of its tokens. Its OpenID configuration is below it. For the issuer `kubernetes`: the issuer in `kubectl get --raw /.well-known/openid-configuration`.",
    ),
  audience: z
    .string()
    .min(1, { error: "is empty" })
    .optional()
    .describe(
      "The claim `aud` of its tokens, for an issuer that cannot set the instance's URL. A token is then valid for every instance in which it matches a workload. Default: the instance's own URL.",
    ),
  keys: z
    .looseObject({ keys: z.array(z.record(z.string(), z.unknown())) })
    .optional()
    .describe(
      "Its public keys, a JSON Web Key Set. The server then never contacts it. Default: the server fetches them.",
    ),
  ci: z
    .enum(Object.values(CiClaims))
    .optional()
    .describe(
      "CI system that defines its claims, for the tags of a job's runs and models. Default: the issuer's name, if it is one of these.",
    ),
  cidrs: z
    .array(cidr)
    .min(1, { error: "is empty" })
    .optional()
    .describe(
      "Addresses of the issuer; for the issuer `kubernetes` those of the API servers. Default: every public address.",
    ),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe("Port of the issuer. Default: that of url; for the issuer `kubernetes` 443."),
  bounds: z
    .record(z.string(), z.array(z.string().min(1)).min(1))
    .refine((claims) => Object.keys(claims).length > 0, {
      error: "is empty; name a claim that each workload has to match, with its values",
    })
    .describe(
      "Claims that each of its workloads must match, with the allowed values. * stands for any characters except /, ** for any. For example project_path: [fraud/**].",
    ),
});

/** Issuers that sign tokens of workloads. */
export const identitySchema = strict({
  issuers: z
    .record(z.string().regex(tokenNamePattern), issuerSchema, {
      error: (issue) =>
        issue.code === "invalid_key"
          ? "an issuer's name is 2 to 40 lower-case letters, digits and hyphens, beginning with a letter"
          : undefined,
    })
    .describe(
      "Issuers by name. gitlab and github are known by theirs; kubernetes is the cluster's own.",
    ),
});

export type Identity = z.output<typeof identitySchema>;
type Issuer = Identity["issuers"][string];

/** What an environment's issuers are to the component. */
export const issuersIn = (identity: Identity | undefined): TokenIssuer[] =>
  Object.entries(identity?.issuers ?? {})
    .map(([name, { bounds: _, keys, cidrs, ...issuer }]) =>
      defined({
        name,
        ...issuer,
        cidrs: cidrs && [...cidrs],
        keys: keys && JSON.stringify(keys),
        ci: issuer.ci ?? Object.values(CiClaims).find((ci) => ci === name),
        cluster: name === clusterIssuer ? true : undefined,
      }),
    )
    .sort((one, other) => (one.name < other.name ? -1 : 1));

/** An audience that is another host's; undefined where it is none or a word. */
export function foreignAudience({ audience }: Issuer, domain: string): string | undefined {
  const host = URL.parse(audience ?? "")?.hostname;
  if (host === undefined || host === "" || host === domain || host.endsWith(`.${domain}`)) return;
  return host;
}

/** Claims in which a workload exceeds the bounds of the environment. */
export function matchProblems(
  match: Readonly<Record<string, string>>,
  { bounds }: Issuer,
): { readonly claim: string; readonly problem: string }[] {
  return Object.entries(bounds).flatMap(([claim, allowed]) => {
    const value = match[claim];
    if (value !== undefined && allowed.some((pattern) => fits(pattern, value))) return [];
    return [{ claim, problem: `the environment allows ${allowed.join(", ")}` }];
  });
}

const fits = (pattern: string, value: string): boolean => {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "s").test(value);
};
