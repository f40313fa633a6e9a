import { expect, test } from "vitest";
import { ingressHasTls } from "../../../../policies/security/ingressHasTls.ts";
import { changed, ingress } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown, type Given } from "../support.ts";

const arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1";
const withSpec = (spec: object) => changed(ingress, ["spec"], spec);
/** An ingress without a certificate of its own, for a load balancer of AWS. */
const alb = (certificate: string | undefined, spec: object = {}): Given =>
  changed(
    withSpec({ ingressClassName: "alb", rules: [{ host: "shop.example.com" }], ...spec }),
    ["metadata", "annotations", "alb.ingress.kubernetes.io/certificate-arn"],
    certificate,
  );

resourceContract(ingressHasTls, {
  passes: {
    "a host with a certificate": ingress,
    "a load balancer with a certificate in ACM": alb(arn),
  },
  breaks: changed(ingress, ["spec", "tls"], undefined),
  message: "The host shop.example.com has no certificate; add it to spec.tls[].hosts.",
  unknown: [
    {
      given: changed(ingress, ["spec", "tls", 0, "hosts", 0], unknown),
      later: ["spec.tls.0.hosts.0"],
    },
  ],
  ignores: {
    "another type": {
      ...changed(ingress, ["spec", "tls"], undefined),
      type: "kubernetes:core/v1:Service",
    },
  },
});

test("each host without a certificate is named", async () => {
  const rules = ["a.test", "b.test", "c.test"].map((host) => ({ host }));
  expect(
    (await judge(ingressHasTls, withSpec({ rules, tls: [{ hosts: ["b.test"] }] }))).violations,
  ).toEqual([
    "The host a.test has no certificate; add it to spec.tls[].hosts.",
    "The host c.test has no certificate; add it to spec.tls[].hosts.",
  ]);
});

test("a load balancer without one is refused, and with one for every host, too", async () => {
  for (const none of [undefined, ""]) {
    expect((await judge(ingressHasTls, alb(none))).violations).toEqual([
      "The host shop.example.com has no certificate; add it to spec.tls[].hosts.",
    ]);
  }
  expect((await judge(ingressHasTls, alb(arn, { rules: [{}] }))).violations).toEqual([
    "A rule names no host and would answer for all; set spec.rules[].host.",
  ]);
  expect(
    (await judge(ingressHasTls, alb(arn, { defaultBackend: { service: { name: "x" } } })))
      .violations,
  ).toHaveLength(1);
});

test("a certificate in ACM counts for no other controller, which doesn't read it", async () => {
  const nginx = alb(arn, { ingressClassName: "nginx" });
  expect((await judge(ingressHasTls, nginx)).violations).toEqual([
    "The host shop.example.com has no certificate; add it to spec.tls[].hosts (the annotation alb.ingress.kubernetes.io/certificate-arn does nothing for the class nginx; the setting albClasses names those for which it does).",
  ]);
  expect(
    (await judge(ingressHasTls, alb(arn, { ingressClassName: undefined }))).violations,
  ).toHaveLength(1);
  const internal = alb(arn, { ingressClassName: "alb-internal" });
  expect((await judge(ingressHasTls, internal)).violations).toHaveLength(1);
  expect(
    await judge(ingressHasTls, internal, { config: { albClasses: ["alb-internal"] } }),
  ).toEqual(clean);
});

test("an answer for every host is refused", async () => {
  expect(
    (await judge(ingressHasTls, withSpec({ rules: [{}], tls: [{ hosts: ["a.test"] }] })))
      .violations,
  ).toEqual(["A rule names no host and would answer for all; set spec.rules[].host."]);
  expect(
    (await judge(ingressHasTls, withSpec({ defaultBackend: { service: { name: "x" } } })))
      .violations,
  ).toEqual(["Remove spec.defaultBackend: it answers for every host, without a certificate."]);
});
