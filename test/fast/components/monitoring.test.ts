import { expect, test } from "vitest";
import { networkPolicies } from "../../../components/internal/networkPolicies.ts";
import { problemsOf } from "../../../components/internal/validation.ts";
import type { MonitoringSettings } from "../../../components/monitoringSettings.ts";
import { instanceArgs, instanceTypes, newInstance } from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";
import { deployment } from "./manifests.ts";

test("nothing listens and nothing is open where nobody reads the metrics", () => {
  const { ports, env } = deployment().template.spec.containers[0];
  expect(ports).toEqual([{ name: "http", containerPort: 5000 }]);
  expect(JSON.stringify(env)).not.toContain("METRICS");
  expect(JSON.stringify(policies(undefined))).not.toContain("9464");
});

test("the monitoring's namespace reaches the metrics of the server, and nothing else", () => {
  expect(deployment({ isMonitored: true }).template.spec.containers[0].ports).toContainEqual({
    name: "metrics",
    containerPort: 9464,
  });
  const [before, after] = [policies(undefined), policies({ namespace: "observability" })];
  const changed = after.filter((policy, index) => !same(policy, before[index]));
  expect(changed.map(({ noun }) => noun)).toEqual(["serverPolicy"]);
  expect((changed[0]!.spec.ingress as object[]).slice(1)).toEqual([
    {
      from: [
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "observability" } },
        },
      ],
      ports: [{ protocol: "TCP", port: 9464 }],
    },
  ]);
});

test("a namespace that is none", () => {
  const base = instanceArgs();
  const platform = { ...base.platform, monitoring: { namespace: "Observability" } };
  expect(problemsOf({ ...base, platform })).toEqual([
    { propertyPath: "platform.monitoring.namespace", reason: "must be a namespace's name" },
  ]);
});

const serviceMonitor = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor";

const registered = async (monitoring: MonitoringSettings | undefined) => {
  const { registrations } = await runWithMocks(
    { ...instanceTypes, [serviceMonitor]: () => ({}) },
    () => newInstance(instanceArgs({}, monitoring === undefined ? {} : { monitoring })),
    false,
  );
  // Registrations come in no fixed order.
  registrations.sort((one, other) => (one.name < other.name ? -1 : 1));
  return new Map(registrations.map(({ type, name, inputs }) => [name, { type, inputs }]));
};

test("of all objects only pods, Service and network policy change where somebody is named", async () => {
  const before = await registered(undefined);
  const after = await registered({ namespace: "observability" });
  expect([...after.keys()]).toEqual([...before.keys()]);
  expect([...after.keys()].filter((name) => !same(after.get(name), before.get(name)))).toEqual([
    "fraud-detector-server",
    "fraud-detector-server-network",
    "fraud-detector-service",
  ]);
  expect(after.get("fraud-detector-service")!.inputs.spec.ports).toEqual([
    { name: "http", port: 80, targetPort: "http" },
    { name: "metrics", port: 9464, targetPort: "metrics" },
  ]);
  const { env } = after.get("fraud-detector-server")!.inputs.spec.template.spec.containers[0];
  expect(env).toContainEqual({ name: "MLFLOW_INSTANCE_METRICS_PORT", value: "9464" });
});

test("a ServiceMonitor selects the instance's Service by labels that it has", async () => {
  const without = await registered({ namespace: "observability", serviceMonitor: false });
  const found = await registered({ namespace: "observability", serviceMonitor: true });
  const added = [...found.keys()].filter((name) => !without.has(name));
  expect(added).toEqual(["fraud-detector-service-monitor"]);
  const { type, inputs } = found.get(added[0]!)!;
  expect(type).toBe(serviceMonitor);
  const service = found.get("fraud-detector-service")!.inputs;
  expect(inputs.metadata.namespace).toBe(service.metadata.namespace);
  expect(service.metadata.labels).toMatchObject(inputs.spec.selector.matchLabels);
  const ports = service.spec.ports.map(({ name }: { name: string }) => name);
  expect(inputs.spec.endpoints.map(({ port }: { port: string }) => port)).toEqual(["metrics"]);
  expect(ports).toContain("metrics");
});

const policies = (monitoring: MonitoringSettings | undefined) =>
  networkPolicies({
    instanceName: "fraud",
    network: { databaseCidrs: [], objectStoreCidrs: [], ingressNamespace: "ingress" },
    database: { port: 5432 },
    objectStoreEndpoint: "https://s3.example.com",
    podIdentity: undefined,
    issuers: [],
    monitoring,
    finalDump: false,
  });

const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
