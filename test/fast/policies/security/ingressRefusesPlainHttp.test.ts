import { expect, test } from "vitest";
import { ingressRefusesPlainHttp } from "../../../../policies/security/ingressRefusesPlainHttp.ts";
import { changed, ingress } from "../compliantInstance.ts";
import { resourceContract } from "../contract.ts";
import { clean, judge, unknown } from "../support.ts";

const annotated = (annotations: Record<string, string>) =>
  changed(ingress, ["metadata", "annotations"], annotations);
const message = (key: string, value: string, wanted: string) =>
  `metadata.annotations ${key} is ${value}, which opens plain HTTP; set it to ${wanted}.`;

const traefik = "traefik.ingress.kubernetes.io/router.entrypoints";
const nginx = "nginx.ingress.kubernetes.io/force-ssl-redirect";

resourceContract(ingressRefusesPlainHttp, {
  passes: {
    "TLS only": ingress,
    "a load balancer that listens for TLS only": changed(ingress, ["metadata", "annotations"], {
      "alb.ingress.kubernetes.io/listen-ports": '[{"HTTPS":443}]',
    }),
    "no annotation": changed(ingress, ["metadata", "annotations"], undefined),
  },
  breaks: annotated({ [traefik]: "web" }),
  message: message(traefik, "web", "websecure"),
  unknown: [
    {
      given: annotated({ [nginx]: unknown, [traefik]: "websecure, web" }),
      later: [`metadata.annotations.${nginx}`],
      violations: [message(traefik, "websecure, web", "websecure")],
    },
  ],
  ignores: {
    "another type": { ...annotated({ [traefik]: "web" }), type: "kubernetes:core/v1:Service" },
  },
});

const alb = "alb.ingress.kubernetes.io/listen-ports";

test.each([
  [nginx, "false", "true"],
  ["nginx.ingress.kubernetes.io/ssl-redirect", "false", "true"],
  ["ingress.kubernetes.io/ssl-redirect", "false", "true"],
  ["haproxy.org/ssl-redirect", "false", "true"],
  ["kubernetes.io/ingress.allow-http", "true", "false"],
  [alb, '[{"HTTP":80},{"HTTPS":443}]', '[{"HTTPS":443}]'],
])("%s: %s opens plain HTTP", async (key, value, wanted) => {
  expect((await judge(ingressRefusesPlainHttp, annotated({ [key]: value }))).violations).toEqual([
    message(key, value, wanted),
  ]);
});

test("a port for HTTP that only redirects is none", async () => {
  const given = annotated({
    [alb]: '[{"HTTP":80},{"HTTPS":443}]',
    "alb.ingress.kubernetes.io/ssl-redirect": "443",
  });
  expect(await judge(ingressRefusesPlainHttp, given)).toEqual(clean);
});
