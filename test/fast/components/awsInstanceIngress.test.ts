import { describe, expect, test } from "vitest";
import {
  awsInstanceArgs,
  awsPlatformArgs,
  instanceTypes,
  newInstance,
} from "../../support/instance.ts";
import { runWithMocks } from "../../support/mocks.ts";
import { run } from "./awsInstanceRun.ts";

// Registrations only: that AWS takes them, and what the roles then can do, is shown against the
// emulator in test/engine.

describe("the way in", () => {
  test("is a load balancer that speaks TLS only, and the rollout waits for it", async () => {
    const { one, all } = await run();
    const { metadata, spec } = one("fraud-detector-ingress").inputs;
    expect(spec).not.toHaveProperty("tls");
    expect(spec.rules.map(({ host }: any) => host)).toEqual(["fraud-detector.mlflow.example.com"]);
    expect(metadata.annotations).toMatchObject({
      "pulumi.com/skipAwait": "true",
      "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS":443}]',
      "alb.ingress.kubernetes.io/certificate-arn":
        "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b",
    });
    expect(
      all("kubernetes:core/v1:Secret").filter(({ inputs }) => inputs.type === "kubernetes.io/tls"),
    ).toEqual([]);
    expect(one("fraud-detector-namespace").inputs.metadata.labels).toMatchObject({
      "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
    });
    const [server] = one("fraud-detector-server").inputs.spec.template.spec.containers;
    expect(server.lifecycle).toEqual({ preStop: { sleep: { seconds: 20 } } });
    // 5Gi of the sandbox tier at 20 MiB/s, and 15 s more.
    expect(server.env).toContainEqual({ name: "MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS", value: "271" });
  });

  test("gets a record of its host in the zone, to the name of the load balancer, which is awaited", async () => {
    const { one } = await run(
      {},
      { ingress: { ...awsPlatformArgs().ingress, dnsZoneId: "Z0123456789ABC" } },
    );
    expect(one("fraud-detector-ingress").inputs.metadata.annotations).not.toHaveProperty(
      "pulumi.com/skipAwait",
    );
    expect(one("fraud-detector-dns-record").inputs).toEqual({
      zoneId: "Z0123456789ABC",
      name: "fraud-detector.mlflow.example.com",
      type: "CNAME",
      ttl: 60,
      records: ["k8s-mlflow-0a1b.eu-central-1.elb.amazonaws.com"],
    });
  });

  test("of a controller that only has an address gets an address record", async () => {
    const types = {
      ...instanceTypes,
      "kubernetes:networking.k8s.io/v1:Ingress": (inputs: any) => ({
        metadata: inputs.metadata,
        status: { loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } },
      }),
    };
    const tls = { source: "secret", secretName: "wildcard" } as const;
    const ingress = {
      className: "nginx",
      controller: "nginx",
      tls,
      dnsZoneId: "Z0123456789ABC",
    } as const;
    const { one } = await runWithMocks(types, () => newInstance(awsInstanceArgs({}, { ingress })));
    expect(one("fraud-detector-dns-record").inputs).toMatchObject({
      type: "A",
      records: ["203.0.113.7"],
    });
    // No load balancer of AWS: nothing of it on the namespace or in the pod.
    expect(one("fraud-detector-namespace").inputs.metadata.labels).not.toHaveProperty(
      "elbv2.k8s.aws/pod-readiness-gate-inject",
    );
    const [server] = one("fraud-detector-server").inputs.spec.template.spec.containers;
    expect(server.env.map(({ name }: any) => name)).not.toContain(
      "MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS",
    );
  });
});
