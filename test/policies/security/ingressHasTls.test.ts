import { expect, test } from "vitest";
import { ingressHasTls } from "../../../policies/security/ingressHasTls.ts";
import { changed, ingress } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { judge, unknown } from "../support.ts";

const albCertificate = "alb.ingress.kubernetes.io/certificate-arn";
const withoutTls = changed(ingress, ["spec", "tls"], undefined);
const withSpec = (spec: object) => changed(ingress, ["spec"], spec);

resourceContract(ingressHasTls, {
  passes: {
    "a host with a certificate": ingress,
    "a load balancer with a certificate in ACM": changed(
      withoutTls,
      ["metadata", "annotations", albCertificate],
      "arn:aws:acm:…:certificate/1",
    ),
  },
  breaks: changed(ingress, ["spec", "tls"], undefined),
  message: "The host shop.example.com has no certificate; add it to spec.tls[].hosts.",
  unknown: [{ given: changed(ingress, ["spec", "tls", 0, "hosts", 0], unknown), later: ["spec.tls.0.hosts.0"] }],
  ignores: { "another type": { ...changed(ingress, ["spec", "tls"], undefined), type: "kubernetes:core/v1:Service" } },
});

test("each host without a certificate is named", async () => {
  const rules = ["a.test", "b.test", "c.test"].map((host) => ({ host }));
  expect((await judge(ingressHasTls, withSpec({ rules, tls: [{ hosts: ["b.test"] }] }))).violations).toEqual([
    "The host a.test has no certificate; add it to spec.tls[].hosts.",
    "The host c.test has no certificate; add it to spec.tls[].hosts.",
  ]);
});

test("a load balancer without one is refused, and with one for every host, too", async () => {
  expect((await judge(ingressHasTls, changed(withoutTls, ["metadata", "annotations", albCertificate], ""))).violations).toHaveLength(1);
  const open = changed(withSpec({ rules: [{}] }), ["metadata", "annotations", albCertificate], "arn:aws:acm:…:certificate/1");
  expect((await judge(ingressHasTls, open)).violations).toEqual(["A rule names no host and would answer for all; set spec.rules[].host."]);
});

test("an answer for every host is refused", async () => {
  expect((await judge(ingressHasTls, withSpec({ rules: [{}], tls: [{ hosts: ["a.test"] }] }))).violations).toEqual([
    "A rule names no host and would answer for all; set spec.rules[].host.",
  ]);
  expect((await judge(ingressHasTls, withSpec({ defaultBackend: { service: { name: "x" } } }))).violations).toEqual([
    "Remove spec.defaultBackend: it answers for every host, without a certificate.",
  ]);
});
