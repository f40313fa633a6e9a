import { expect, test } from "vitest";
import type { IngressTls, MlflowInstanceArgs } from "@mlflow-instances/components/internal";
import { withoutSecrets } from "../../support/mocks.ts";
import { run } from "./instanceRun.ts";

// The objects of Kubernetes that an instance registers, and how they fit each other.

test("the namespace enforces, warns of and audits the restricted level and says who answers for it", async () => {
  const { one } = await run({ description: "Card fraud", costCenter: "4711" });
  const { metadata } = one("fraud-detector-namespace").inputs;
  expect(metadata.name).toBe("mlflow-fraud-detector");
  for (const mode of ["enforce", "warn", "audit"])
    expect(metadata.labels[`pod-security.kubernetes.io/${mode}`]).toBe("restricted");
  expect(metadata.annotations).toEqual({
    "mlflow-instances/owner": "fraud-team@example.com",
    "mlflow-instances/description": "Card fraud",
    "mlflow-instances/cost-center": "4711",
    "mlflow-instances/mlflow-version": "3.17.2",
    "mlflow-instances/deleted-experiment-retention": "7d",
    "mlflow-instances/database-server-connections": "100",
  });
});

test("every Kubernetes object carries the labels, every bucket the tags", async () => {
  const { registrations, one } = await run({ replicas: 2, costCenter: "4711" });
  const objects = registrations.filter(({ type }) => type.startsWith("kubernetes:"));
  expect(objects.length).toBe(22);
  const common = {
    "app.kubernetes.io/name": "mlflow",
    "app.kubernetes.io/instance": "fraud-detector",
    "app.kubernetes.io/component": expect.any(String),
    "app.kubernetes.io/part-of": "mlflow-instances",
    "app.kubernetes.io/managed-by": "pulumi",
    "mlflow-instances/team": "fraud",
    "mlflow-instances/environment": "local",
    "mlflow-instances/tier": "sandbox",
  };
  for (const { name, inputs } of objects)
    expect(inputs.metadata.labels, name).toMatchObject(common);
  expect(one("fraud-detector-bucket").inputs.tags).toEqual({
    ...common,
    "mlflow-instances/owner": "fraud-team@example.com",
    "cost-center": "4711",
  });
});

test("the certificate comes from exactly one source", async () => {
  const tls = async (source: IngressTls) => {
    const { one, all } = await run({}, { ingress: { className: "traefik", tls: source } });
    const { metadata, spec } = one("fraud-detector-ingress").inputs;
    return {
      secret: spec.tls[0].secretName,
      issuer: metadata.annotations["cert-manager.io/cluster-issuer"],
      certificates: all("kubernetes:core/v1:Secret").filter(
        ({ inputs }) => inputs.type === "kubernetes.io/tls",
      ).length,
    };
  };
  expect(await tls({ source: "pem", certificate: "c", privateKey: "k" })).toEqual({
    secret: "fraud-detector-certificate-0a1b2c3d",
    issuer: undefined,
    certificates: 1,
  });
  expect(await tls({ source: "certManager", clusterIssuer: "letsencrypt" })).toEqual({
    secret: "mlflow-tls",
    issuer: "letsencrypt",
    certificates: 0,
  });
  expect(await tls({ source: "secret", secretName: "wildcard" })).toEqual({
    secret: "wildcard",
    issuer: undefined,
    certificates: 0,
  });
});

test("the ingress serves one host by TLS only, without waiting for an address", async () => {
  const { one } = await run();
  const { metadata, spec } = one("fraud-detector-ingress").inputs;
  expect(spec).toEqual({
    ingressClassName: "traefik",
    tls: [{ hosts: ["fraud-detector.mlflow.test"], secretName: expect.any(String) }],
    rules: [
      {
        host: "fraud-detector.mlflow.test",
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: "mlflow", port: { name: "http" } } },
            },
          ],
        },
      },
    ],
  });
  expect(metadata.annotations).toMatchObject({
    "pulumi.com/skipAwait": "true",
    "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
    "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
  });
});

test("service, ingress, policies and pods point at each other", async () => {
  const { one } = await run({ replicas: 2 });
  const service = one("fraud-detector-service").inputs;
  const pod = one("fraud-detector-server").inputs.spec;
  const ports = pod.template.spec.containers[0].ports;
  expect(service.metadata.name).toBe(
    one("fraud-detector-ingress").inputs.spec.rules[0].http.paths[0].backend.service.name,
  );
  expect(service.spec).toMatchObject({
    type: "ClusterIP",
    ports: [{ name: "http", port: 80, targetPort: ports[0].name }],
  });
  expect(pod.template.metadata.labels).toMatchObject(service.spec.selector);
  expect(pod.template.metadata.labels).toMatchObject(
    one("fraud-detector-server-network").inputs.spec.podSelector.matchLabels,
  );
  expect(one("fraud-detector-server-network").inputs.spec.ingress[0].ports[0].port).toBe(
    ports[0].containerPort,
  );
  expect(pod.selector.matchLabels).toEqual(
    one("fraud-detector-disruption-budget").inputs.spec.selector.matchLabels,
  );
  expect(one("fraud-detector-disruption-budget").inputs.spec.maxUnavailable).toBe(1);
  expect(pod.template.spec.serviceAccountName).toBe(
    one("fraud-detector-service-account").inputs.metadata.name,
  );
  expect(
    pod.template.spec.volumes.find(({ name }: any) => name === "tokens").secret.secretName,
  ).toBe(one("fraud-detector-token-hashes").inputs.metadata.name);
  const migration = one("fraud-detector-migration").inputs.spec.template;
  expect(migration.metadata.labels).toMatchObject(
    one("fraud-detector-migration-network").inputs.spec.podSelector.matchLabels,
  );
  expect(migration.spec.containers[0].image).toBe(pod.template.spec.containers[0].image);
  expect(migration.metadata.labels).not.toMatchObject(service.spec.selector);
});

test("registry credentials become one Secret with a fixed name, which every pod names", async () => {
  const credentials = '{"auths":{"registry.example.com":{"auth":"c2VjcmV0"}}}';
  const given = { imagePullSecret: credentials, imagePullSecrets: ["of-others"] };
  const { one, registrations } = await run({}, given);
  const secret = one("fraud-detector-pull-secret");
  expect(secret.inputs).toMatchObject({
    metadata: { name: "mlflow-image-pull", namespace: "mlflow-fraud-detector" },
    type: "kubernetes.io/dockerconfigjson",
    stringData: { ".dockerconfigjson": credentials },
  });
  expect(JSON.stringify(withoutSecrets(secret.sealed))).not.toContain("c2VjcmV0");
  const templates = registrations.flatMap(({ inputs }) =>
    [inputs.spec?.template?.spec, inputs.spec?.jobTemplate?.spec.template.spec].filter(Boolean),
  );
  expect(templates).toHaveLength(4);
  for (const spec of templates)
    expect(spec.imagePullSecrets).toEqual([{ name: "mlflow-image-pull" }, { name: "of-others" }]);
  const prepared = (await run({ prepareDeletion: true }, given)).one("fraud-detector-final-dump");
  expect(prepared.inputs.spec.template.spec.imagePullSecrets).toHaveLength(2);
});

test("without registry credentials there is no Secret, and pods name none", async () => {
  const { registrations } = await run();
  expect(registrations.filter(({ name }) => name === "fraud-detector-pull-secret")).toEqual([]);
  expect(JSON.stringify(registrations.map(({ inputs }) => inputs))).not.toContain(
    "imagePullSecrets",
  );
});

test("the token file's secret says in plain who may do what and until when, and nothing else", async () => {
  const annotations = async (tokens: MlflowInstanceArgs["tokens"]) =>
    (await run({ tokens: tokens ?? [] })).one("fraud-detector-token-hashes").inputs.metadata
      .annotations;
  const dashboard = { name: "dashboard", role: "read", expires: "2027-05-01" } as const;
  const ci = {
    name: "ci",
    role: "edit",
    expires: "2027-02-20",
    generation: 2,
    previousValidUntil: "2026-12-20",
    created: "2026-11-22",
    previousCreated: "2026-06-30",
  } as const;
  const text =
    '[{"name":"ci","role":"edit","generation":2,"expires":"2027-02-20","created":"2026-11-22"},' +
    '{"name":"ci","role":"edit","generation":1,"expires":"2026-12-20","created":"2026-06-30"},' +
    '{"name":"dashboard","role":"read","generation":1,"expires":"2027-05-01"}]';
  expect(await annotations([dashboard, ci])).toEqual({ "mlflow-instances/tokens": text });
  expect(await annotations([])).toEqual({ "mlflow-instances/tokens": "[]" });
});

test("a delivered token is a Secret with MLflow's credentials file, and labels of its own", async () => {
  const deliverTo = { namespace: "fraud-training", name: "mlflow" };
  const ci = { name: "ci", role: "edit", expires: "2027-02-20", deliverTo } as const;
  const { one, outputsOf } = await run({
    tokens: [{ ...ci, generation: 2, previousValidUntil: "2026-12-20" }],
  });
  const { metadata, stringData } = one("fraud-detector-token-ci-delivery").inputs;
  expect(metadata).toMatchObject(deliverTo);
  expect(metadata.labels["app.kubernetes.io/component"]).toBe("token-delivery");
  expect(stringData["tracking-uri"]).toMatch(/^https:/);
  expect(stringData.credentials).toMatch(
    /^\[mlflow\]\nmlflow_tracking_username = ci\nmlflow_tracking_password = mlf_\S+\n$/,
  );
  // The present value, which the owner has, and not the one before.
  const issued = stringData.credentials.trim().split(" ").at(-1);
  const { tokens } = outputsOf("mlflow-instances:index:MlflowInstance", "fraud-detector");
  expect((tokens as any).ci.value.value ?? (tokens as any).ci.value).toBe(issued);
});
