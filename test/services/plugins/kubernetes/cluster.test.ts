// The way to the cluster: kubeconfig, context, credentials, a server that isn't there; and what a
// change of the provider replaces.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAuthority, createCertificate } from "../../../../local/platform/certificates.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { unknown } from "../../../../local/plugins/shared/values.ts";
import { FakeApiServer } from "./support/fakeApiServer.ts";
import { configMap, configMapType } from "./support/objects.ts";
import { Plugin, urn } from "./support/plugin.ts";

let server: FakeApiServer;
let folder: string;
beforeEach(async () => {
  server = await new FakeApiServer().start();
  folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function checkWith(config: Properties): Promise<Properties> {
  const plugin = await Plugin.start(config);
  try {
    return await plugin.check(urn(configMapType), configMap());
  } finally {
    await plugin.stop();
  }
}

function file(content: string): string {
  const path = join(folder, "config");
  writeFileSync(path, content);
  return path;
}

const kubeconfigOf = (url: string): string => server.kubeconfig().replace(server.url, url);

it("takes a kubeconfig as text or as the path of a file", async () => {
  expect(await checkWith({ kubeconfig: server.kubeconfig() })).toEqual(configMap());
  expect(await checkWith({ kubeconfig: file(server.kubeconfig()), context: "fake" })).toEqual(
    configMap(),
  );
});

describe("a preview fails, with the reason, when", () => {
  it.each<[string, () => Properties, RegExp]>([
    [
      "the file doesn't exist",
      () => ({ kubeconfig: "/does/not/exist" }),
      /kubeconfig file \/does\/not\/exist does not exist/,
    ],
    [
      "the file is no YAML",
      () => ({ kubeconfig: file("{{{ secret-token") }),
      /failed to parse the kubeconfig file .*config: (?!.*secret-token)/,
    ],
    [
      "the context is unknown",
      () => ({ kubeconfig: server.kubeconfig(), context: "prod" }),
      /context "prod" does not exist in the kubeconfig \(it has: fake\)/,
    ],
    [
      "the cluster is unknown",
      () => ({ kubeconfig: server.kubeconfig(), cluster: "prod" }),
      /cluster "prod" does not exist in the kubeconfig \(it has: fake\)/,
    ],
    [
      "the server isn't running",
      () => ({ kubeconfig: kubeconfigOf("https://127.0.0.1:1") }),
      /https:\/\/127\.0\.0\.1:1: connection refused; is it running\? \(ECONNREFUSED\)/,
    ],
    [
      "its host name isn't known",
      () => ({ kubeconfig: kubeconfigOf("https://cluster.invalid") }),
      /https:\/\/cluster\.invalid: its host name/,
    ],
    [
      "the credentials are wrong",
      () => ({ kubeconfig: server.kubeconfig().replace("kubeconfig-token", "stale-token") }),
      /refuses the credentials of the kubeconfig \(401 Unauthorized\)$/,
    ],
    [
      "it isn't an API server",
      () => (
        (server.intercept = () => ({ code: 502, body: "bad gateway" })),
        { kubeconfig: server.kubeconfig() }
      ),
      /answers 502: HTTP 502: bad gateway/,
    ],
  ])("%s", async (_what, config, message) => {
    const start = Date.now();
    const error = await checkWith(config()).then(String, (thrown: Error) => thrown.message);
    expect(error).toMatch(/^configured Kubernetes cluster is unreachable: /);
    expect(error).toMatch(message);
    expect(error).not.toContain("-token");
    expect(Date.now() - start).toBeLessThan(10_000);
  });

  it("the server's certificate is not of the kubeconfig's authority, as after a cluster was made anew", async () => {
    const [old, current] = await Promise.all(
      ["old", "new"].map((name) => createAuthority(name, new Date())),
    );
    const spec = {
      name: "api",
      authority: "cluster-ca",
      commonName: "api",
      dnsNames: [],
      addresses: ["127.0.0.1"],
      usages: ["server"],
    } as const;
    const certificate = await createCertificate(spec, current!, new Date());
    const renewed = https.createServer({ cert: certificate.certificate, key: certificate.key });
    await new Promise<void>((resolve) => renewed.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(renewed.address() as AddressInfo).port}`;
    const trusting = JSON.stringify({
      server: url,
      "certificate-authority-data": Buffer.from(old!.certificate).toString("base64"),
    });
    const kubeconfig = server.kubeconfig().replace(/\{"server":[^}]*\}/, trusting);
    await expect(checkWith({ kubeconfig })).rejects.toThrow(
      /its certificate is not the one that the kubeconfig expects \(\w+\); was the cluster made anew\?/,
    );
    renewed.close();
  });

  it("the server accepts the connection and never answers, within 10 s", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const start = Date.now();
    await expect(checkWith({ kubeconfig: kubeconfigOf(url) })).rejects.toThrow(
      `${url}: no answer within 7 s`,
    );
    expect(Date.now() - start).toBeLessThan(10_000);
    silent.close();
  });
});

describe("with an unreachable cluster", () => {
  const dead = (): Properties => ({ kubeconfig: kubeconfigOf("https://127.0.0.1:1") });

  it("read and delete fail rather than forget the object", async () => {
    const plugin = await Plugin.start(dead());
    await expect(plugin.read(urn(configMapType), "team/settings", {}, configMap())).rejects.toThrow(
      /unreachable.*PULUMI_K8S_DELETE_UNREACHABLE/s,
    );
    await expect(plugin.delete(urn(configMapType), "team/settings", {})).rejects.toThrow(
      /unreachable.*PULUMI_K8S_DELETE_UNREACHABLE/s,
    );
    await plugin.stop();
  });

  it("they forget it when told to", async () => {
    const plugin = await Plugin.start({ ...dead(), deleteUnreachable: "true" });
    expect((await plugin.read(urn(configMapType), "team/settings", {}, configMap())).id).toBe("");
    await plugin.delete(urn(configMapType), "team/settings", {});
    await plugin.stop();
  });

  it("read keeps the last known state when told to", async () => {
    const plugin = await Plugin.start({ ...dead(), skipUpdateUnreachable: "true" });
    const state = { ...configMap(), __inputs: configMap() };
    expect(await plugin.read(urn(configMapType), "team/settings", state, configMap())).toEqual({
      id: "team/settings",
      properties: state,
      inputs: configMap(),
    });
    await plugin.stop();
  });
});

describe("the provider's arguments", () => {
  it("that only the official plugin knows are refused", async () => {
    const plugin = await Plugin.start();
    expect(
      await plugin.checkConfig({ enableServerSideApply: "false", renderYamlToDirectory: "out" }),
    ).toEqual([
      expect.stringMatching(
        /^enableServerSideApply: client-side apply is only possible with the official plugin/,
      ),
      expect.stringMatching(/^renderYamlToDirectory: /),
    ]);
    expect(
      await plugin.checkConfig({
        enableServerSideApply: "true",
        kubeconfig: "x",
        context: "y",
        namespace: "z",
      }),
    ).toEqual([]);
    await plugin.stop();
  });

  it("replace everything when they lead to another cluster, and nothing otherwise", async () => {
    const plugin = await Plugin.start();
    const kubeconfig = server.kubeconfig();
    const renewed = kubeconfig.replace("kubeconfig-token", "renewed");
    const elsewhere = kubeconfigOf("https://elsewhere");
    expect(await plugin.diffConfig({ kubeconfig }, { kubeconfig: renewed })).toEqual([]);
    expect(await plugin.diffConfig({ kubeconfig }, { kubeconfig, namespace: "other" })).toEqual([]);
    const forcing = { kubeconfig, enablePatchForce: "true" };
    expect(await plugin.diffConfig({ kubeconfig }, forcing)).toEqual([]);
    expect(await plugin.diffConfig({ kubeconfig }, { kubeconfig: file(kubeconfig) })).toEqual([]);
    expect(await plugin.diffConfig({ kubeconfig }, { kubeconfig: elsewhere })).toEqual([
      "kubeconfig",
    ]);
    expect(await plugin.diffConfig({ kubeconfig }, { kubeconfig: unknown })).toEqual([
      "kubeconfig",
    ]);
    expect(
      await plugin.diffConfig(
        { kubeconfig, clusterIdentifier: "a" },
        { kubeconfig: elsewhere, clusterIdentifier: "a" },
      ),
    ).toEqual([]);
    expect(
      await plugin.diffConfig(
        { kubeconfig, clusterIdentifier: "a" },
        { kubeconfig, clusterIdentifier: "b" },
      ),
    ).toEqual(["clusterIdentifier"]);
    await plugin.stop();
  });
});
