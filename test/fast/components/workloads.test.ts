import { describe, expect, test } from "vitest";
import { clusterAccountVolume } from "../../../components/internal/issuerAccess.ts";
import { issuerOpenings } from "../../../components/internal/issuerAccess.ts";
import { networkPolicies } from "../../../components/internal/networkPolicies.ts";
import {
  asksCluster,
  issuersOf,
  workloadsFile,
} from "../../../components/internal/workloadsFile.ts";
import type { TokenIssuer, Workload } from "../../../components/workloadSettings.ts";
import { deployment } from "./manifests.ts";

const gitlab: TokenIssuer = { name: "gitlab", url: "https://gitlab.example.com", ci: "gitlab" };
const cluster: TokenIssuer = {
  name: "kubernetes",
  url: "https://kubernetes.default.svc",
  cluster: true,
  cidrs: ["10.0.0.1/32"],
  port: 6443,
};
const training: Workload = {
  name: "training",
  issuer: "gitlab",
  role: "edit",
  match: { ref_protected: "true", project_path: "fraud/train" },
};
const scoring: Workload = {
  name: "scoring",
  issuer: "kubernetes",
  role: "read",
  match: { serviceAccount: "scorer", namespace: "fraud-serving" },
};

describe("the workloads file", () => {
  test("is byte for byte what the server's package parses", () => {
    expect(workloadsFile("https://fraud.mlflow.test", [training, scoring], [gitlab, cluster])).toBe(
      '{"version":1,"audience":"https://fraud.mlflow.test","issuers":{"gitlab":{"url":"https://gitlab.example.com","ci":"gitlab"},' +
        '"kubernetes":{"url":"https://kubernetes.default.svc","cluster":true}},"workloads":[' +
        '{"name":"scoring","issuer":"kubernetes","role":"read","match":{"sub":"system:serviceaccount:fraud-serving:scorer"}},' +
        '{"name":"training","issuer":"gitlab","role":"edit","match":{"project_path":"fraud/train","ref_protected":"true"}}]}',
    );
  });

  test("names only issuers that a workload comes from, and depends on no order", () => {
    expect(issuersOf([training], [cluster, gitlab])).toEqual([gitlab]);
    expect(workloadsFile("https://a", [scoring, training], [gitlab, cluster])).toBe(
      workloadsFile("https://a", [training, scoring], [gitlab, cluster]),
    );
  });
});

describe("the openings to issuers", () => {
  const egress = (issuers: readonly TokenIssuer[]) =>
    networkPolicies({
      instanceName: "fraud",
      network: { databaseCidrs: [], objectStoreCidrs: [] },
      database: { port: 5432 },
      objectStoreEndpoint: "https://s3.example.com",
      podIdentity: undefined,
      issuers: issuerOpenings(issuers),
      monitoring: undefined,
      finalDump: false,
    }).map(({ noun, spec }) => ({ noun, rules: spec.egress as object[] | undefined }));

  test("are the server's alone, one for each issuer that is asked", () => {
    const none = egress([]);
    const both = egress([{ ...gitlab, cidrs: ["192.0.2.0/24"] }, cluster]);
    for (const { noun, rules } of both) {
      const before = none.find((each) => each.noun === noun)!.rules ?? [];
      expect([noun, rules?.slice(before.length)]).toEqual([
        noun,
        noun === "serverPolicy"
          ? [
              {
                to: [{ ipBlock: { cidr: "192.0.2.0/24" } }],
                ports: [{ protocol: "TCP", port: 443 }],
              },
              {
                to: [{ ipBlock: { cidr: "10.0.0.1/32" } }],
                ports: [{ protocol: "TCP", port: 6443 }],
              },
            ]
          : rules === undefined
            ? undefined
            : [],
      ]);
    }
  });

  test("are none for an issuer whose keys are given, and of the port in its address", () => {
    expect(issuerOpenings([{ ...gitlab, keys: '{"keys":[]}' }])).toEqual([]);
    expect(issuerOpenings([{ ...gitlab, url: "https://gitlab.example.com:8443/x" }])).toEqual([
      { cidrs: undefined, port: 8443 },
    ]);
  });
});

test("the pod has a token for the API server only where the server asks it", () => {
  expect(asksCluster([gitlab])).toBe(false);
  expect(asksCluster([{ ...cluster, keys: "{}" }])).toBe(false);
  expect(asksCluster([gitlab, cluster])).toBe(true);
  const volumes = (asks: boolean) => deployment({ asksCluster: asks }).template.spec.volumes;
  expect(volumes(false)).not.toContainEqual(clusterAccountVolume.volume);
  expect(volumes(true)).toContainEqual(clusterAccountVolume.volume);
});
