import { expect, test } from "vitest";
import {
  eksPodIdentity,
  instanceArgs,
  irsa,
  kmsKeyArn,
  platformArgs,
} from "../../support/instance.ts";
import { base, on, problems } from "./cloudArguments.ts";

// Arguments of AWS, or of another store, in which no problem is found.

const keys = platformArgs();

test("valid arguments on AWS have no problem, with either method and in every tier", () => {
  for (const tier of ["sandbox", "standard", "production"] as const) {
    for (const podIdentity of [irsa, eksPodIdentity]) {
      const objectStore = { ...base.objectStore, kmsKeyArn, storageClasses: "transitions" };
      const ingress = {
        ...base.ingress,
        scheme: "internetFacing",
        groupName: "mlflow",
        dnsZoneId: "Z0123456789ABC",
      };
      const rolePath = "/mlflow/prod/";
      const permissionsBoundaryArn = "arn:aws:iam::aws:policy/Boundary";
      const all = { ...podIdentity, rolePath, permissionsBoundaryArn };
      expect(problems(on({ podIdentity: all, objectStore, ingress }, { tier }))).toEqual([]);
    }
  }
});

test("an instance with a load balancer of its own has uploads of any size, and one that shares it those that the group waits for", () => {
  const ingress = { ...base.ingress, groupName: "mlflow" };
  expect(problems(on({}, { temporaryStorage: "50Gi" }))).toEqual([]);
  expect(problems(on({ ingress }, { temporaryStorage: "20Gi" }))).toEqual([]);
  expect(
    problems(
      on({ ingress: { ...ingress, groupTemporaryStorage: "80Gi" } }, { temporaryStorage: "80Gi" }),
    ),
  ).toEqual([]);
});

test("without roles, owner and cost centre go where more characters pass", () => {
  expect(problems(instanceArgs({ owner: "Fraud team, Berlin", costCenter: "4711;" }))).toEqual([]);
});

test("a user of IAM may administer a bucket as a role does", () => {
  const adminPrincipals = ["arn:aws:iam::123456789012:user/platform/ci"];
  expect(problems(on({ objectStore: { ...base.objectStore, adminPrincipals } }))).toEqual([]);
});

test("a policy that says one of its two refusals is enough", () => {
  for (const only of [{ denyOthers: false }, { tlsOnly: false }])
    expect(problems(on({ objectStore: { ...base.objectStore, ...only } }))).toEqual([]);
});

test("the region of another store says nothing about where the load balancer is", () => {
  const objectStore = { ...keys.objectStore, region: "eu01" };
  expect(problems(instanceArgs({}, { objectStore, ingress: base.ingress }))).toEqual([]);
});

test("a host that is an output can't be looked into, and is none", () => {
  const postgresql = { ...base.postgresql, host: Promise.resolve("h") };
  expect(problems(on({ postgresql }))).toEqual([]);
});
