import { describe, expect, test } from "vitest";
import type { IngressSettings } from "@mlflow-instances/components/internal";
import {
  controllerLabels,
  drainSeconds,
  ingressAnnotations,
  ingressManifest,
} from "../../../components/internal/ingressManifest.ts";
import {
  idleSeconds,
  keepAliveSeconds,
  requestSeconds,
} from "../../../components/internal/timeouts.ts";

const certificateArn = "arn:aws:acm:eu-central-1:123456789012:certificate/c";
const alb: IngressSettings = {
  className: "alb",
  controller: "alb",
  tls: { source: "acm", certificateArn },
};
const secret = { source: "secret", secretName: "wildcard" } as const;
const nginx: IngressSettings = { className: "nginx", controller: "nginx", tls: secret };

describe("annotations", () => {
  test("of a controller that isn't named are those of Traefik and NGINX, as they always were", () => {
    expect(ingressAnnotations({ className: "traefik", tls: secret }, "20Gi")).toEqual({
      "pulumi.com/skipAwait": "true",
      "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
      "traefik.ingress.kubernetes.io/router.tls": "true",
      "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
      "nginx.ingress.kubernetes.io/proxy-body-size": "0",
      "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
      "nginx.ingress.kubernetes.io/proxy-read-timeout": "600",
    });
  });

  test("of Traefik say TLS only, and nothing that Traefik has no word for", () => {
    expect(
      ingressAnnotations({ className: "traefik", controller: "traefik", tls: secret }, "20Gi"),
    ).toEqual({
      "pulumi.com/skipAwait": "true",
      "traefik.ingress.kubernetes.io/router.entrypoints": "websecure",
      "traefik.ingress.kubernetes.io/router.tls": "true",
    });
  });

  test("of NGINX wait for the largest upload and store none of it", () => {
    expect(ingressAnnotations(nginx, "20Gi")).toEqual({
      "pulumi.com/skipAwait": "true",
      "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
      "nginx.ingress.kubernetes.io/proxy-body-size": "0",
      "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
      "nginx.ingress.kubernetes.io/proxy-buffering": "off",
      "nginx.ingress.kubernetes.io/proxy-read-timeout": "1024",
      "nginx.ingress.kubernetes.io/proxy-send-timeout": "1024",
    });
  });

  test("of a load balancer of AWS: inside the VPC, TLS only with its certificate, pods as targets, time enough", () => {
    expect(ingressAnnotations(alb, "10Gi")).toEqual({
      "pulumi.com/skipAwait": "true",
      "alb.ingress.kubernetes.io/scheme": "internal",
      "alb.ingress.kubernetes.io/target-type": "ip",
      "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS":443}]',
      "alb.ingress.kubernetes.io/certificate-arn": certificateArn,
      "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
      "alb.ingress.kubernetes.io/healthcheck-path": "/health/ready",
      "alb.ingress.kubernetes.io/healthcheck-interval-seconds": "10",
      "alb.ingress.kubernetes.io/load-balancer-attributes":
        "idle_timeout.timeout_seconds=512,routing.http.drop_invalid_header_fields.enabled=true",
    });
  });

  test("of a load balancer that instances share agree in everything that is the load balancer's, whatever the tier", () => {
    const shared = { ...alb, scheme: "internetFacing", groupName: "mlflow" } as const;
    expect(ingressAnnotations(shared, "5Gi")).toEqual(ingressAnnotations(shared, "20Gi"));
    expect(ingressAnnotations(shared, "5Gi")).toMatchObject({
      "alb.ingress.kubernetes.io/scheme": "internet-facing",
      "alb.ingress.kubernetes.io/group.name": "mlflow",
      "alb.ingress.kubernetes.io/load-balancer-attributes": expect.stringContaining(
        "idle_timeout.timeout_seconds=1024,",
      ),
    });
  });

  test("never open plain HTTP, with any controller", () => {
    for (const settings of [
      alb,
      nginx,
      { ...nginx, controller: "traefik" } as const,
      { className: "x", tls: secret },
    ]) {
      const text = JSON.stringify(ingressAnnotations(settings, "5Gi"));
      expect(text).not.toMatch(/\\"HTTP\\"/);
      expect(text).not.toMatch(/:"web"/);
      expect(text).not.toMatch(/redirect":"false"/);
    }
  });

  test("name the issuer of cert-manager and take what else is given, which wins", () => {
    const tls = { source: "certManager", clusterIssuer: "letsencrypt" } as const;
    const annotations = { "nginx.ingress.kubernetes.io/proxy-read-timeout": "30" };
    expect(ingressAnnotations({ ...nginx, tls, annotations }, "5Gi")).toMatchObject({
      "cert-manager.io/cluster-issuer": "letsencrypt",
      ...annotations,
    });
  });

  test("leave the address awaited where a record has to follow it", () => {
    expect(ingressAnnotations({ ...alb, dnsZoneId: "Z1" }, "5Gi")).not.toHaveProperty(
      "pulumi.com/skipAwait",
    );
  });
});

test("the rule has no TLS part where the load balancer has the certificate", () => {
  expect(ingressManifest("alb", "h.example.com", undefined)).not.toHaveProperty("tls");
  expect(ingressManifest("nginx", "h.example.com", "s")).toMatchObject({
    tls: [{ hosts: ["h.example.com"], secretName: "s" }],
  });
});

test("only a load balancer of AWS needs a gate for new pods and a longer farewell for old ones", () => {
  expect(controllerLabels(alb)).toEqual({ "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" });
  expect(drainSeconds(alb)).toBe(20);
  expect(controllerLabels(nginx)).toEqual({});
  expect(drainSeconds(nginx)).toBe(5);
});

describe("time-outs follow the largest artifact that the temporary volume takes", () => {
  test.each([
    ["512Mi", 60],
    ["5Gi", 256],
    ["10Gi", 512],
    ["20Gi", 1024],
    // A load balancer of AWS takes no more than 4000.
    ["100Gi", 4000],
  ])("%s: %d s", (size, seconds) => {
    expect(requestSeconds(size)).toBe(seconds);
    expect(idleSeconds({ controller: "alb" }, size)).toBe(seconds);
    expect(keepAliveSeconds({ controller: "alb" }, size)).toBe(seconds + 15);
  });

  test("but not where the load balancer is shared, and the server keeps its own default elsewhere", () => {
    expect(idleSeconds({ controller: "alb", groupName: "g" }, "5Gi")).toBe(1024);
    expect(
      idleSeconds({ controller: "alb", groupName: "g", groupTemporaryStorage: "40Gi" }, "5Gi"),
    ).toBe(2048);
    expect(
      keepAliveSeconds({ controller: "alb", groupName: "g", groupTemporaryStorage: "40Gi" }, "5Gi"),
    ).toBe(2063);
    expect(keepAliveSeconds({ controller: "nginx" }, "20Gi")).toBeUndefined();
    // A move between Ingress and Gateway changes no pod.
    expect(keepAliveSeconds({ gateway: {} }, "20Gi")).toBeUndefined();
    expect(keepAliveSeconds({ controller: "alb", gateway: {} }, "5Gi")).toBe(4015);
    expect(keepAliveSeconds({}, "20Gi")).toBeUndefined();
  });
});
