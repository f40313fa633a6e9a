import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { notesOn } from "../../../program/environment/environment.ts";
import { factsOf } from "../../../program/platforms/index.ts";
import { fixtureEnvironment } from "./support.ts";

// What is weaker than it could be is said, and whose certificates are trusted follows from where a
// system is.

test("each feature that a store lacks is said in one line, and none where it lacks nothing", () => {
  const features = [
    "versioning",
    "lifecycle",
    "encryption",
    "publicAccessBlock",
    "policyConditions",
    "objectOwnership",
  ];
  const without = (...missing: string[]) =>
    notesOn(
      fixtureEnvironment(({ platform }) => {
        platform.objectStore.features = Object.fromEntries(
          features.map((feature) => [feature, !missing.includes(feature)]),
        );
      }),
    );
  expect(without()).toEqual([]);
  expect(without("policyConditions")).toEqual([
    "The object store's features leave its buckets without: conditions in policies (plain HTTP is not refused).",
  ]);
  const [all, ...more] = without(...features);
  expect(more).toEqual([]);
  expect(all?.split("; ")).toHaveLength(features.length);
});

test("pods that may connect to any address are said, unless the ranges are named", () => {
  expect(notesOn(fixtureEnvironment(undefined, "aws"))).toEqual([
    "The pods may connect to any address on port 443, because S3 and STS have no fixed ones; network.objectStoreCidrs narrows it, or endpoints.s3 in the VPC.",
  ]);
  const named = fixtureEnvironment(
    ({ platform }) => (platform.network = { objectStoreCidrs: ["10.0.0.0/16"] }),
    "aws",
  );
  const inside = fixtureEnvironment(
    ({ platform }) => (platform.artifactStore = { endpoints: { s3: "https://10.0.0.9" } }),
    "aws",
  );
  expect([notesOn(named), notesOn(inside)]).toEqual([[], []]);
});

test("what Traefik itself lacks is reported, for its class and for its controller", () => {
  const notes = (ingress: Record<string, unknown>) =>
    notesOn(
      fixtureEnvironment(({ platform }) => {
        delete platform.ingress.traefik;
        Object.assign(platform.ingress, ingress);
        for (const feature of Object.keys(platform.objectStore.features))
          platform.objectStore.features[feature] = true;
      }),
    );
  const empty = /allowEmptyServices=true .*404/;
  const cut = /readTimeout=0s .*cut off after 60s/;
  const both = [expect.stringMatching(new RegExp(`${empty.source}.*${cut.source}`))];
  expect(notes({})).toEqual(both);
  expect(notes({ className: "public", controller: "traefik" })).toEqual(both);
  expect(notes({ controller: "nginx" })).toEqual([]);
  expect(notes({ className: "public" })).toEqual([]);
  const set = (allowEmptyServices: boolean, readTimeout: string) =>
    notes({ traefik: { allowEmptyServices, readTimeout } });
  expect(set(true, "0s")).toEqual([]);
  expect(set(true, "7200s")).toEqual([]);
  expect(set(false, "0s")).toEqual([expect.not.stringMatching(cut)]);
  expect(set(true, "60s")).toEqual([expect.not.stringMatching(empty)]);
});

const subjects = (pem: string | undefined) =>
  (pem?.match(/-----BEGIN[^]+?-----END CERTIFICATE-----/g) ?? []).map(
    (each) => /CN=(.*)/.exec(new X509Certificate(each).subject)?.[1],
  );
const ofRds = ["ECC384", "RSA2048", "RSA4096"].map(
  (kind) => `Amazon RDS eu-central-1 Root CA ${kind} G1`,
);

test("a server of RDS is checked against the authorities of its region, and AWS' services against the public ones", () => {
  const own = fixtureEnvironment(undefined, "aws").platform;
  expect(subjects(factsOf(own).databaseAuthorities()).sort()).toEqual(ofRds);
  expect(factsOf(own).storeAuthorities()).toBeUndefined();
  const given = (host: string, caBundle?: string) =>
    fixtureEnvironment(({ platform }) => {
      const server = {
        host,
        port: 5432,
        adminUser: "a",
        sslMode: "verify-full",
        superuser: false,
        maxConnections: 100,
      };
      Object.assign(platform, {
        database: { given: server },
        network: { databaseCidrs: ["10.0.0.0/16"] },
      });
      if (caBundle !== undefined) platform.caBundle = caBundle;
    }, "aws").platform;
  expect(
    subjects(factsOf(given("x.abc.eu-central-1.rds.amazonaws.com")).databaseAuthorities()).sort(),
  ).toEqual(ofRds);
  expect(factsOf(given("db.example.com")).databaseAuthorities()).toBeUndefined();
  const pem = "-----BEGIN CERTIFICATE-----\nZml4dHVyZQ==\n-----END CERTIFICATE-----\n";
  expect(factsOf(given("db.example.com", pem)).databaseAuthorities()).toBe(pem);
  // The authority of a database says nothing about S3.
  expect(factsOf(given("db.example.com", pem)).storeAuthorities()).toBeUndefined();
});

test("at endpoints of one's own, a private authority is trusted beside the public ones", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nZml4dHVyZQ==\n-----END CERTIFICATE-----\n";
  const { platform } = fixtureEnvironment(({ platform: values }) => {
    Object.assign(values, {
      caBundle: pem,
      artifactStore: { endpoints: { s3: "https://10.0.0.9" } },
    });
  }, "aws");
  const text = factsOf(platform).storeAuthorities()!;
  expect(text).toContain(pem);
  expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(rootCertificates.length + 1);
});
