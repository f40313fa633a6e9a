import { expect, test } from "vitest";
import { parseEnvironment } from "../../../program/environment/environment.ts";
import { showPath } from "../../../program/values/problems.ts";
import { configOf, fixtureValues } from "./support.ts";

// a test breaks the values on purpose
type Loose = any;

function errorsOf(
  change: (values: Loose) => void,
  keys: Parameters<typeof configOf>[1] = {},
): string[] {
  const values = fixtureValues();
  change(values);
  const { environment, problems } = parseEnvironment(configOf(values, keys));
  expect(environment === undefined).toBe(problems.length > 0);
  return problems.map(({ path, message }) => `${showPath(path)}: ${message}`);
}

const unchanged = () => undefined;

test("the fixture is right", () => {
  expect(errorsOf(unchanged)).toEqual([]);
});

const cases: [what: string, change: (values: Loose) => void, errors: string[]][] = [
  [
    "missing value",
    (v) => delete v.platform.postgresql.host,
    ["environment.platform.postgresql.host: is missing"],
  ],
  [
    "missing section",
    (v) => delete v.platform.objectStore,
    ["environment.platform.objectStore: is missing"],
  ],
  ["missing platform", (v) => delete v.platform, ["environment.platform: is missing"]],
  [
    "wrong platform kind",
    (v) => (v.platform.kind = "gke"),
    ['environment.platform.kind: is "gke", not one of existing, aws'],
  ],
  [
    "missing platform kind",
    (v) => delete v.platform.kind,
    ["environment.platform.kind: is missing; one of existing, aws"],
  ],
  [
    "wrong TLS source",
    (v) => (v.platform.ingress.tls = { source: "acme" }),
    ['environment.platform.ingress.tls.source: is "acme", not one of pem, certManager, secret'],
  ],
  [
    "ingress class without certificate",
    (v) => delete v.platform.ingress.tls,
    ["environment.platform.ingress.tls: is missing"],
  ],
  [
    "neither class nor Gateway",
    (v) => delete v.platform.ingress.className,
    ["environment.platform.ingress: has neither className nor gateway; exactly one is needed"],
  ],
  [
    "class and Gateway",
    (v) => (v.platform.ingress.gateway = { name: "public", namespace: "gateways" }),
    [
      "environment.platform.ingress.gateway: stands beside className: an instance is reached by one of them; remove the other",
    ],
  ],
  [
    "Gateway without a namespace",
    (v) => {
      delete v.platform.ingress.className;
      v.platform.ingress.gateway = { name: "public" };
    },
    ["environment.platform.ingress.gateway.namespace: is missing"],
  ],
  [
    "TLS source without its value",
    (v) => (v.platform.ingress.tls = { source: "certManager" }),
    ["environment.platform.ingress.tls.clusterIssuer: is missing"],
  ],
  [
    "unknown key",
    (v) => (v.platform.ingress.klass = "x"),
    [
      "environment.platform.ingress.klass: unknown key; known here: className, gateway, controllerNamespace, controllerCidrs, traefik, controller, tls",
    ],
  ],
  [
    "wrong type",
    (v) => (v.platform.postgresql.port = "5432"),
    ['environment.platform.postgresql.port: expected a number, got the string "5432"'],
  ],
  [
    "wrong ssl mode",
    (v) => (v.platform.postgresql.sslMode = "prefer"),
    [
      'environment.platform.postgresql.sslMode: is "prefer", not one of verify-full, verify-ca, require, disable',
    ],
  ],
  [
    "plain HTTP",
    (v) => (v.platform.objectStore.endpoint = "http://s3"),
    ['environment.platform.objectStore.endpoint: is "http://s3"; expected an https:// address'],
  ],
  [
    "no way in",
    (v) => delete v.platform.ingress.controllerCidrs,
    [
      "environment.platform.ingress: has neither controllerNamespace nor controllerCidrs; one says who may connect to the instances",
    ],
  ],
  [
    "names instead of addresses",
    (v) => {
      v.platform.postgresql.host = "db.example.com";
      v.platform.objectStore.endpoint = "https://s3.example.com";
    },
    [
      'environment.platform.network.databaseCidrs: is missing: "db.example.com" is a name, and network policies open addresses only',
      'environment.platform.network.objectStoreCidrs: is missing: "s3.example.com" is a name, and network policies open addresses only',
    ],
  ],
  [
    "a default trace retention of days",
    (v) => (v.defaults = { traceRetention: "6d" }),
    ['environment.defaults.traceRetention: is "6d"; expected 7d to 730d'],
  ],
  [
    "bounds turned round",
    (v) => (v.bounds = { deletedExperimentRetention: { min: "30d", max: "7d" } }),
    ["environment.bounds.deletedExperimentRetention: has the min 30d, above its max 7d"],
  ],
  [
    "bounds of traces turned round",
    (v) => (v.bounds = { traceRetention: { min: "90d", max: "30d" } }),
    ["environment.bounds.traceRetention: has the min 90d, above its max 30d"],
  ],
  [
    "Traefik's settings beside another controller",
    (v) => {
      v.platform.ingress.controller = "nginx";
      v.platform.ingress.traefik = { allowEmptyServices: true, readTimeout: "0s" };
    },
    ["environment.platform.ingress.traefik: is set, but the controller is nginx; remove it"],
  ],
  [
    "a time-out of Traefik without its unit",
    (v) => (v.platform.ingress.traefik = { allowEmptyServices: true, readTimeout: "0" }),
    [
      'environment.platform.ingress.traefik.readTimeout: is "0"; expected a number of seconds such as 0s or 3600s',
    ],
  ],
  [
    "a further host with a scheme",
    (v) => (v.defaults = { extraAllowedHosts: ["http://localhost:15056"] }),
    [
      'environment.defaults.extraAllowedHosts[0]: is "http://localhost:15056"; expected a host with its port if any, such as localhost:15056, without scheme and wildcard',
    ],
  ],
  [
    "unknown default tier",
    (v) => (v.defaults = { tier: "gold" }),
    ['environment.defaults.tier: is "gold", not one of sandbox, standard, production'],
  ],
];

test.each(cases)("%s", (_, change, errors) => {
  expect(errorsOf(change)).toEqual(errors);
});

test("all errors at once", () => {
  const errors = errorsOf((v) => {
    delete v.domain;
    v.platform.kubernetes.kubeconfig = 1;
    v.artifacts.access = "direct";
  });
  expect(errors).toEqual([
    "environment.domain: is missing",
    "environment.platform.kubernetes.kubeconfig: expected a text, got the number 1",
    'environment.artifacts.access: is "direct", not one of proxied, presigned',
  ]);
});

// A secret in plain text: the message names the key, and no part of the value is in any message.
const value = "hunter2-Xyzzy";
const secrets: [
  what: string,
  change: (values: Loose) => void,
  keys: Parameters<typeof configOf>[1],
  errors: string[],
][] = [
  [
    "password key in plain text",
    unchanged,
    { postgresqlAdminPassword: { secret: false, plain: value } },
    [
      "postgresqlAdminPassword: is in plain text; set it with `pulumi config set --secret` (and change it where it is used: it was readable)",
    ],
  ],
  [
    "keys of instances in plain text",
    unchanged,
    { artifactStoreKeys: { secret: false, plain: `{"a":{"secretAccessKey":"${value}"}}` } },
    [
      "artifactStoreKeys: is in plain text; set it with `pulumi config set --secret` (and change it where it is used: it was readable)",
    ],
  ],
  [
    "password inside the environment",
    (v) => (v.platform.postgresql.password = value),
    {},
    [
      "environment.platform.postgresql.password: looks like a secret in plain text; a secret is set with `pulumi config set --secret` and never written here",
    ],
  ],
  [
    "secret access key inside the environment",
    (v) => (v.platform.objectStore.secretAccessKey = value),
    {},
    [
      "environment.platform.objectStore.secretAccessKey: looks like a secret in plain text; a secret is set with `pulumi config set --secret` and never written here",
    ],
  ],
  [
    "password inside an address",
    (v) => (v.platform.objectStore.endpoint = `https://root:${value}@10.0.0.1`),
    {},
    [
      "environment.platform.objectStore.endpoint: has a user name or password in it; the secret key objectStoreSecretAccessKey is the place for that",
    ],
  ],
  [
    "private key in the CA bundle",
    (v) =>
      (v.platform.caBundle += `-----BEGIN PRIVATE KEY-----\n${value}\n-----END PRIVATE KEY-----\n`),
    {},
    ["environment.platform.caBundle: has a private key in it; only certificates belong here"],
  ],
  [
    "unknown key that looks like a secret",
    unchanged,
    { dbPassword: { secret: false, plain: value } },
    [
      "dbPassword: unknown key that looks like a secret; the secret keys are postgresqlAdminPassword, objectStoreSecretAccessKey, tlsCertificate, tlsPrivateKey, artifactStoreKeys, imagePullSecret",
    ],
  ],
];

test.each(secrets)("%s", (_, change, keys, errors) => {
  const found = errorsOf(change, keys);
  expect(found).toEqual(errors);
  expect(found.join()).not.toContain(value);
});

test("missing and misplaced keys", () => {
  expect(errorsOf(unchanged, { environment: undefined })).toEqual(["environment: is missing"]);
  expect(errorsOf(unchanged, { environment: { secret: true } })).toEqual([
    "environment: is encrypted, but reviewers must be able to read it; only the secrets have keys of their own",
  ]);
  expect(errorsOf(unchanged, { environment: { secret: false, plain: "oops" } })).toEqual([
    'environment: expected a mapping, got the string "oops"',
  ]);
  expect(
    errorsOf(unchanged, { postgresqlAdminPassword: undefined, tlsPrivateKey: undefined }),
  ).toEqual([
    "postgresqlAdminPassword: is missing: the password of the PostgreSQL server's adminUser; set it with `pulumi config set --secret`",
    "tlsPrivateKey: is missing: the private key of that certificate (tls source pem); set it with `pulumi config set --secret`",
  ]);
  expect(errorsOf(unchanged, { enviroment: { secret: false, plain: "{}" } })).toEqual([
    "enviroment: unknown key; did you mean environment? known here: environment, instancesFolder, cluster, postgresqlAdminPassword, objectStoreSecretAccessKey, tlsCertificate, tlsPrivateKey, artifactStoreKeys, imagePullSecret",
  ]);
});

test("a certificate is asked for only where it is used", () => {
  const certManager = (v: Loose) =>
    (v.platform.ingress.tls = { source: "certManager", clusterIssuer: "letsencrypt" });
  expect(errorsOf(certManager, { tlsCertificate: undefined, tlsPrivateKey: undefined })).toEqual(
    [],
  );
});
