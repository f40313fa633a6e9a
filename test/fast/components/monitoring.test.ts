import { expect, test } from "vitest";
import { networkPolicies } from "../../../components/internal/networkPolicies.ts";
import { problemsOf } from "../../../components/internal/validation.ts";
import type { MonitoringSettings } from "../../../components/monitoringSettings.ts";
import { instanceArgs } from "../../support/instance.ts";
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
