import { expect, test } from "vitest";
import { secretsStayInSecrets } from "../../../../policies/security/secretsStayInSecrets.ts";
import {
  caBundle,
  changed,
  container,
  cronJob,
  credentials,
  pod,
  server,
  serverWith,
} from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const instead =
  "move it to a Secret, and take it from there with valueFrom.secretKeyRef or a volume.";
const variableAt = (name: string) => `spec.template.spec.containers[0].env[8] (${name})`;
const broken = serverWith({ DB_PASSWORD: "hunter2!" });
const message = `${variableAt("DB_PASSWORD")} holds a secret by its name; ${instead}`;

resourceContract(secretsStayInSecrets, {
  passes: { "a server": server, "a CronJob": cronJob, "a ConfigMap with certificates": caBundle },
  breaks: broken,
  message,
  unknown: [
    {
      given: changed(
        broken,
        [...pod, "initContainers"],
        [{ env: [{ name: "ROLE", value: unknown }] }],
      ),
      later: ["spec.template.spec.initContainers.0.env.0.value"],
      violations: [message],
    },
    { given: changed(caBundle, ["data", "settings"], unknown), later: ["data.settings"] },
  ],
  ignores: {
    "a workload of no instance": changed(broken, ["metadata"], {
      name: "other",
      namespace: "other",
    }),
    "a Secret": credentials,
  },
});

const secrets = [
  ["an address with a password", "postgresql://shop:hunter2!@db/shop"],
  ["a private key", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----"],
  ["an access key of AWS", `key=AKIA${"ABCD".repeat(4)}`],
  ["a signed token (JWT)", `eyJ${"a".repeat(20)}.eyJ${"b".repeat(20)}.c`],
  ["a bearer token", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz"],
  ["a login for HTTP", "Authorization: Basic c2hvcDpodW50ZXIyIQ=="],
  ["an access token of an instance", `mlf_${"a1".repeat(20)}`],
] as const;

test.each(secrets)(
  "%s in a variable, a ConfigMap and a command line, never its text",
  async (what, text) => {
    const inVariable = await judge(secretsStayInSecrets, serverWith({ SETTING: text }));
    expect(inVariable.violations).toEqual([`${variableAt("SETTING")} holds ${what}; ${instead}`]);
    const inConfigMap = await judge(
      secretsStayInSecrets,
      changed(caBundle, ["data", "settings.ini"], `a: b\nx: ${text}`),
    );
    expect(inConfigMap.violations).toEqual([`data.settings.ini holds ${what}; ${instead}`]);
    const inArguments = await judge(
      secretsStayInSecrets,
      changed(server, [...container, "args"], ["--setting", text]),
    );
    expect(inArguments.violations).toEqual([
      `spec.template.spec.containers[0].args[1] holds ${what}; ${instead}`,
    ]);
  },
);

test.each([
  "AWS_SECRET_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "MLFLOW_TRACKING_TOKEN",
  "api-key",
  "clientSecret",
  "PGPASSWORD",
  "SMTP_PASSPHRASE",
])("%s says by its name that it is one", async (name) => {
  expect((await judge(secretsStayInSecrets, serverWith({ [name]: "x9y8z7" }))).violations).toEqual([
    `${variableAt(name)} holds a secret by its name; ${instead}`,
  ]);
});

test.each([
  ["DB_PASSWORD", "$(DATABASE_PASSWORD)"],
  ["GOOGLE_APPLICATION_CREDENTIALS", "/etc/google/key.json"],
  ["REQUIRE_PASSWORD", "true"],
  ["ALLOW_TOKEN", "false"],
  ["TOKEN_LIFETIME", "90d"],
  ["TOKENS_FILE", "tokens.json"],
  ["BACKEND", "postgresql://shop:$(PASSWORD)@db/shop?sslmode=require"],
  ["PROXY", "http://proxy.example.com:3128"],
  ["EMPTY_TOKEN", ""],
])("%s=%s is none", async (name, value) => {
  expect(await judge(secretsStayInSecrets, serverWith({ [name]: value }))).toEqual(clean);
});

test("an option of a command line, in one word and in two", async () => {
  const given = changed(
    server,
    [...container, "args"],
    ["--db-password=hunter2!", "--token", "x9y8z7", "--workers", "4", "run"],
  );
  expect((await judge(secretsStayInSecrets, given)).violations).toEqual(
    [0, 2].map(
      (index) =>
        `spec.template.spec.containers[0].args[${index}] holds a secret by its name; ${instead}`,
    ),
  );
});

test("a line of a file of settings, told by its name", async () => {
  const text = "[mlflow]\ndatabase_uri = sqlite:///x\nadmin_password = hunter2!\n";
  expect(
    (await judge(secretsStayInSecrets, changed(caBundle, ["data", "basic_auth.ini"], text)))
      .violations,
  ).toEqual([`data.basic_auth.ini holds a secret by its name (admin_password); ${instead}`]);
});
