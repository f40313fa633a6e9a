import { expect, test } from "vitest";
import { serverNamesHostsAndOrigins } from "../../../../policies/security/serverNamesHostsAndOrigins.ts";
import { changed, container, cronJob, server, serverWith } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const hosts = "MLFLOW_SERVER_ALLOWED_HOSTS";
const origins = "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS";
const noHosts = `Set the variable ${hosts} (or the option --allowed-hosts) to every name, with its ports, under which the server is reached.`;
const noOrigins = `Set the variable ${origins} (or the option --cors-allowed-origins) to https:// and the instance's host.`;
const broken = serverWith({ [hosts]: undefined });

resourceContract(serverNamesHostsAndOrigins, {
  passes: {
    "a server with both": server,
    "one with options": changed(
      serverWith({ [hosts]: undefined, [origins]: undefined }),
      [...container, "args"],
      ["--allowed-hosts", "shop.example.com", "--cors-allowed-origins=https://shop.example.com"],
    ),
  },
  breaks: broken,
  message: noHosts,
  unknown: [
    {
      given: serverWith({ [hosts]: unknown, [origins]: undefined }),
      later: ["spec.template.spec.containers.0.env.3.value"],
      violations: [noOrigins],
    },
  ],
  ignores: {
    "another part of an instance": {
      ...cronJob,
      props: { ...broken.props, metadata: cronJob.props["metadata"] },
    },
    "another type": { ...broken, type: "kubernetes:apps/v1:DaemonSet" },
  },
});

test("neither is both", async () => {
  expect(
    (await judge(serverNamesHostsAndOrigins, serverWith({ [hosts]: "", [origins]: " " })))
      .violations,
  ).toEqual([noHosts, noOrigins]);
});

test.each([
  [hosts, "shop.example.com,*.example.com", "*.example.com"],
  [hosts, "*", "*"],
  [origins, "*", "*"],
  [origins, "https://*.example.com", "https://*.example.com"],
])("a wildcard in %s: %s", async (variable, value, wildcard) => {
  expect(
    (await judge(serverNamesHostsAndOrigins, serverWith({ [variable]: value }))).violations,
  ).toEqual([
    `${variable} holds the wildcard ${wildcard}; name each in full (extraAllowedHosts of the component).`,
  ]);
});

const off =
  "The check of hosts and origins is switched off; remove MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE or --disable-security-middleware.";

test("the check may not be switched off", async () => {
  const variable = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE";
  expect(
    (await judge(serverNamesHostsAndOrigins, serverWith({ [variable]: "true" }))).violations,
  ).toEqual([off]);
  expect(await judge(serverNamesHostsAndOrigins, serverWith({ [variable]: "false" }))).toEqual(
    clean,
  );
  const option = changed(server, [...container, "args"], ["--disable-security-middleware"]);
  expect((await judge(serverNamesHostsAndOrigins, option)).violations).toEqual([off]);
});
