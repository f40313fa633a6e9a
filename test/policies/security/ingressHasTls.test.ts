import { expect, test } from "vitest";
import { ingressHasTls } from "../../policies/security/ingressHasTls.ts";
import { violationsOf } from "./support.ts";

const ingress = (spec: unknown) => violationsOf(ingressHasTls, { type: "kubernetes:networking.k8s.io/v1:Ingress", props: { spec } });

test("a host with a certificate passes", async () => {
  expect(await ingress({ rules: [{ host: "a.test" }], tls: [{ hosts: ["a.test"], secretName: "tls" }] })).toEqual([]);
});

test("a host without one is refused, each by name", async () => {
  expect(await ingress({ rules: [{ host: "a.test" }, { host: "b.test" }, { host: "c.test" }], tls: [{ hosts: ["b.test"] }] })).toEqual([
    "The host a.test has no certificate; add it to spec.tls[].hosts.",
    "The host c.test has no certificate; add it to spec.tls[].hosts.",
  ]);
});

test("an answer for every host is refused", async () => {
  expect(await ingress({ rules: [{}], tls: [{ hosts: ["a.test"] }] })).toEqual([
    "A rule names no host and would answer for all; set spec.rules[].host.",
  ]);
  expect(await ingress({ defaultBackend: { service: { name: "x" } } })).toEqual([
    "Remove spec.defaultBackend: it answers for every host, without a certificate.",
  ]);
});

test("other types are not judged", async () => {
  expect(await violationsOf(ingressHasTls, { type: "kubernetes:core/v1:Service", props: { spec: { rules: [{}] } } })).toEqual([]);
});
