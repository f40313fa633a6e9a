import { expect, test } from "vitest";
import { profileNetwork, profilePaths } from "../../../../local/paths.ts";
import { bootstrapObjects } from "../../../../local/platform/bootstrap.ts";
import { cgroupMounts } from "../../../../local/platform/cgroups.ts";
import { containerdConfiguration } from "../../../../local/platform/containerd.ts";
import { platformContext } from "../../../../local/platform/context.ts";
import { corefile } from "../../../../local/platform/dns.ts";
import { holderScript } from "../../../../local/platform/holder.ts";
import { traefikConfiguration, traefikTls } from "../../../../local/platform/ingress.ts";
import { kubeconfigText } from "../../../../local/platform/kubeconfig.ts";
import { kubeletConfiguration } from "../../../../local/platform/kubelet.ts";
import { kubeProxyConfiguration } from "../../../../local/platform/kubeProxy.ts";
import { podNetworkConfiguration } from "../../../../local/platform/podNetwork.ts";
import {
  hostBasedAuthentication,
  postgresqlConfiguration,
} from "../../../../local/platform/postgresql.ts";
import { platformValues } from "../../../../local/platform/values.ts";

const context = platformContext("test", {
  kubernetes: "/k",
  coredns: "/c",
  traefik: "/t",
  versitygw: "/v",
  gatewayApi: "/g",
});
const { network, paths } = context;

test("no configuration names another profile's folder or an address outside of its own ranges", () => {
  const texts = [
    containerdConfiguration(paths, "overlayfs"),
    podNetworkConfiguration(network, paths),
    JSON.stringify(kubeletConfiguration(context)),
    JSON.stringify(kubeProxyConfiguration(context, `${paths.config}/x`)),
    JSON.stringify([traefikConfiguration(context), traefikTls(context)]),
    corefile({ ...network, kubeconfig: `${paths.config}/x` }),
    postgresqlConfiguration(network, paths),
    holderScript(paths),
  ];
  for (const text of texts) {
    expect(text).not.toContain("mlflow-instances/local");
    const addresses = text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];
    for (const address of addresses) expect(address).toMatch(/^(10\.21[345]\.1\.\d+|0\.0\.0\.0)$/);
  }
  // 0.0.0.0 is a destination here (the pods' default route), never an address to listen on.
  const listening = texts.filter((text) => text.includes("0.0.0.0"));
  expect(listening).toEqual([podNetworkConfiguration(network, paths)]);
});

test("the kubelet asks who calls, keeps local images and leaves the machine's settings alone", () => {
  expect(kubeletConfiguration(context)).toMatchObject({
    address: network.nodeIp,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: "/mlflow-instances-test",
    failSwapOn: false,
    imageGCHighThresholdPercent: 100,
    protectKernelDefaults: true,
    clusterDNS: [network.dnsServiceIp],
  });
  expect(kubeProxyConfiguration(context, "")).toMatchObject({
    mode: "nftables",
    conntrack: { maxPerCore: 0, min: 0 },
  });
});

test("PostgreSQL takes nothing but TLS and a password, on the node's address, and logs no statement", () => {
  expect(hostBasedAuthentication).toBe("hostssl all all 0.0.0.0/0 scram-sha-256\n");
  const lines = postgresqlConfiguration(network, paths).split("\n");
  for (const line of [
    "listen_addresses = '10.213.1.2'",
    "unix_socket_directories = ''",
    "ssl = on",
    "log_statement = 'none'",
    "log_min_error_statement = panic",
  ]) {
    expect(lines).toContain(line);
  }
});

test("containers start without the capability to lower a score, and pods are connected point to point", () => {
  expect(containerdConfiguration(paths, "native")).toContain("restrict_oom_score_adj = true");
  expect(containerdConfiguration(paths, "native")).toContain('snapshotter = "native"');
  const { plugins } = JSON.parse(podNetworkConfiguration(network, paths)) as {
    plugins: { type: string }[];
  };
  expect(plugins.map(({ type }) => type)).toEqual(["ptp", "mlflow-network-policies"]);
});

test("plain HTTP is only answered with the way to HTTPS", () => {
  expect(traefikConfiguration(context)).toMatchObject({
    entryPoints: {
      web: { http: { redirections: { entryPoint: { to: "websecure", scheme: "https" } } } },
      websecure: { http: { tls: {} } },
    },
    global: { checkNewVersion: false, sendAnonymousUsage: false },
  });
});

test("an instance without a ready pod answers 503, and no upload is cut off: as the stack file records", () => {
  expect(traefikConfiguration(context)).toMatchObject({
    entryPoints: { websecure: { transport: { respondingTimeouts: { readTimeout: 0 } } } },
    providers: { kubernetesIngress: { allowEmptyServices: true } },
  });
});

test("the services beside the cluster get rights to read, and one to say what becomes of ingresses and routes", () => {
  const roles = bootstrapObjects(network).flatMap(({ object }) => {
    const { kind, rules } = object as {
      kind: string;
      rules?: { verbs: string[]; resources: string[] }[];
    };
    return kind === "ClusterRole" ? (rules ?? []) : [];
  });
  const writing = roles.filter(({ verbs }) =>
    verbs.some((verb) => !["get", "list", "watch"].includes(verb)),
  );
  expect(writing).toEqual([
    { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
    {
      apiGroups: ["gateway.networking.k8s.io"],
      resources: [
        "gatewayclasses/status",
        "gateways/status",
        "httproutes/status",
        "grpcroutes/status",
        "backendtlspolicies/status",
      ],
      verbs: ["update"],
    },
  ]);
  expect(roles.filter(({ resources }) => resources.includes("secrets"))).toHaveLength(1);
});

test("the platform's values hold paths of secrets, not secrets", () => {
  const values = platformValues("test", { enforced: true, by: "x" });
  expect(values.postgresql.adminPasswordFile).toBe(profilePaths("test").postgresqlAdminPassword);
  expect(values.objectStore.secretAccessKeyFile).toBe(profilePaths("test").objectStoreRootKey);
  expect(values.objectStore.region).not.toBe("us-east-1");
  expect(values).toMatchObject({
    nodeIp: profileNetwork("test").nodeIp,
    domain: "engine.mlflow.test",
    kubeContext: "mlflow-instances-test",
  });
});

test("control groups of both versions are found in a mount table", () => {
  const table = [
    "tmpfs /sys/fs/cgroup tmpfs rw 0 0",
    "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0",
    "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0",
    "/dev/vda / ext4 rw 0 0",
    "",
  ].join("\n");
  expect(cgroupMounts(table)).toEqual([
    { path: "/sys/fs/cgroup/cpu", version: 1 },
    { path: "/sys/fs/cgroup/unified", version: 2 },
  ]);
});

test("a kubeconfig is complete in itself", () => {
  const { clusters, users, contexts, ...rest } = JSON.parse(
    kubeconfigText({ name: "n", server: "https://s", ca: "CA", certificate: "CERT", key: "KEY" }),
  );
  expect(clusters).toEqual([
    { name: "n", cluster: { server: "https://s", "certificate-authority-data": "Q0E=" } },
  ]);
  expect(users).toEqual([
    { name: "n", user: { "client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ" } },
  ]);
  expect(contexts).toEqual([{ name: "n", context: { cluster: "n", user: "n" } }]);
  expect(rest["current-context"]).toBe("n");
});
