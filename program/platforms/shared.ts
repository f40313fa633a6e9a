import { isIP } from "node:net";
import { z } from "zod";
import type { SecretKey } from "../values/secretKeys.ts";
import { strict } from "../values/problems.ts";
import { expected, show } from "../values/wrongValue.ts";

// What both kinds of platform are described with.

/** Reports a problem at a path inside the platform. */
export type Add = (path: readonly (string | number)[], message: string) => void;

/** Exactly one of the keys of `T`, with the others absent. */
export type OneOf<T> = {
  [K in keyof T]-?: { [P in K]-?: NonNullable<T[P]> } & { [P in Exclude<keyof T, K>]?: undefined };
}[keyof T];

/** A mapping with exactly one of these keys; `both` says why two of them can't work. */
export function exactlyOne<Shape extends Record<string, z.ZodType>>(shape: Shape, both: string) {
  type Values = { [K in keyof Shape]: z.output<Shape[K]> };
  const names = Object.keys(shape);
  const optional = Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => [
      key,
      schema.optional().describe(schema.description ?? key),
    ]),
  );
  return strict(optional)
    .meta({ oneOf: names.map((name) => ({ required: [name] })) })
    .superRefine((value, context) => {
      const given = names.filter((name) => value[name] !== undefined);
      if (given.length === 0)
        context.addIssue({
          code: "custom",
          message: `has none of ${names.join(", ")}; exactly one is needed`,
        });
      if (given.length > 1)
        context.addIssue({ code: "custom", message: `has ${given.join(" and ")}: ${both}` });
    })
    .transform((value) => value as OneOf<Values>);
}

export const hostName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i, {
  error: expected("a host name or address"),
});

const cidr = z.union([z.cidrv4(), z.cidrv6()], {
  error: expected("an address range such as 10.0.0.0/16"),
});
export const cidrs = z.array(cidr).min(1);

/** An address without credentials and path; `secretsPlace` says where credentials belong. */
export const httpsUrl = (secretsPlace: string) =>
  z.string().superRefine((value, context) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    const add = (message: string) => context.addIssue({ code: "custom", message });
    if (parsed !== undefined && (parsed.username !== "" || parsed.password !== ""))
      add(`has a user name or password in it; ${secretsPlace}`);
    else if (parsed?.protocol !== "https:") add(`is ${show(value)}; expected an https:// address`);
    // A query may hold a key.
    else if (parsed.search !== "") add("has a query; only scheme, host and port are expected");
    else if (parsed.pathname !== "/")
      add(`has the path ${show(parsed.pathname)}; only scheme, host and port are expected`);
  });

/** A cluster by its kubeconfig. */
export const kubeconfig = z
  .string()
  .min(1)
  .describe(
    "Path of the kubeconfig file. A path, not its contents: those hold a key, and would go to the state.",
  );
export const kubeContext = z
  .string()
  .min(1)
  .describe(
    "Context in that file; named, so that a changed current context can't send an environment to another cluster.",
  );

/** max_connections of a server, which the instances share. */
export const maxConnections = z
  .int()
  .min(20)
  .describe(
    "max_connections of the server; what all instances may open together is checked against it.",
  );

/** A PostgreSQL server that exists. */
export const postgresqlSchema = strict({
  host: hostName.describe("Host of the server, as this program and the pods reach it."),
  port: z.int().min(1).max(65535).describe("Its port, usually 5432."),
  adminUser: z
    .string()
    .min(1)
    .describe(
      "Login that may create databases and roles; its password is the secret key postgresqlAdminPassword.",
    ),
  sslMode: z
    .enum(["verify-full", "verify-ca", "require", "disable"])
    .describe("libpq's sslmode; verify-full checks the certificate and the host's name."),
  superuser: z.boolean().describe("Whether adminUser is a superuser. Managed servers give none."),
  characterType: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Locale by which the databases tell letters and their case apart; the server's operating system has to know it. Default: C.UTF-8, on AWS en_US.UTF-8. Changing it replaces the databases.",
    ),
  maxConnections,
});

export const bucketPrefix = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,30}$/, {
    error: expected("2 to 31 lower-case letters, digits and hyphens"),
  })
  .optional()
  .describe(
    "Beginning of each bucket's name. Default: mlflow-<environment>. Changing it replaces every bucket.",
  );

/** The secret keys of a certificate that is in the config. */
export const pemSecrets = ({
  tls,
}: {
  readonly tls?: { readonly source: string } | undefined;
}): SecretKey[] => (tls?.source === "pem" ? ["tlsCertificate", "tlsPrivateKey"] : []);

/** Sources of the ingress' certificate that need nothing but Kubernetes. */
export const tlsSources = [
  strict({ source: z.literal("pem") }).describe(
    "Certificate and key are the secret keys tlsCertificate and tlsPrivateKey.",
  ),
  strict({
    source: z.literal("certManager"),
    clusterIssuer: z.string().min(1).describe("Name of cert-manager's ClusterIssuer."),
  }).describe("cert-manager issues a certificate for each instance."),
  strict({
    source: z.literal("secret"),
    name: z.string().min(1).describe("Name of the TLS Secret."),
  }).describe("A TLS Secret of that name is put into each instance's namespace by someone else."),
] as const;

export const dnsShape = {
  dnsNamespace: z
    .string()
    .min(1)
    .optional()
    .describe("Namespace of the cluster's DNS pods. Default: kube-system."),
  dnsCidrs: cidrs.optional().describe("Addresses of a DNS server outside the pod network."),
};

/** What the pods are made of. */
export const podsShape = {
  image: z
    .string()
    // Two pods of one deployment must never run different servers, and the state must say which one
    // runs.
    .regex(/(@sha256:[0-9a-f]{64}|:(?!latest$)[\w][\w.-]{0,127})$/, {
      error: expected("a reference with a digest or an exact tag (latest is none)"),
    })
    .describe("Reference of the tracking server's image, with a digest or an exact tag."),
  imagePullSecrets: z
    .array(
      z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, {
        error: expected("the name of a Secret"),
      }),
    )
    .min(1)
    .optional()
    .describe(
      "Secrets with registry credentials that something else puts into each instance's namespace. Default: none; the secret key imagePullSecret makes such a Secret.",
    ),
  mlflowVersion: z
    .string()
    .regex(/^[0-9]+\.[0-9]+\.[0-9]+$/, {
      error: expected("a version such as 3.17.2"),
    })
    .optional()
    .describe(
      "MLflow version inside that image. Default: 3.17.2, the version of images/tracking-server.",
    ),
};

/** Certificates of authorities, as text. */
export const pemBundle = z
  .string()
  .optional()
  .superRefine((value, context) => {
    if (value === undefined) return;
    if (/PRIVATE KEY/.test(value))
      context.addIssue({
        code: "custom",
        message: "has a private key in it; only certificates belong here",
      });
    else if (!value.includes("-----BEGIN CERTIFICATE-----"))
      context.addIssue({ code: "custom", message: "has no PEM certificate in it" });
  });

/** `address/32` for an address, nothing for a name. */
export function cidrOfHost(host: string): string | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : `${host}/${version === 4 ? 32 : 128}`;
}

export const hostOfUrl = (address: string): string =>
  new URL(address).hostname.replace(/^\[|\]$/g, "");

/** Why a range is needed where only a name is given. */
export const needsCidrs = (host: string): string =>
  `is missing: "${host}" is a name, and network policies open addresses only`;

/** Only the sources that the environment names may connect to an instance. */
export const noWayIn =
  "has neither controllerNamespace nor controllerCidrs; one says who may connect to the instances";
