import { expect, test } from "vitest";
import { instanceUsesNoStaticKey } from "../../../../policies/security/instanceUsesNoStaticKey.ts";
import { bucket, bucketAt, otherStore } from "../compliantBucket.ts";
import {
  changed,
  container,
  credentials,
  credentialsWith,
  server,
  serverWith,
} from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { judgeStack, unknown } from "../support.ts";

const instead =
  "give its ServiceAccount a role (the annotation eks.amazonaws.com/role-arn, or an EKS Pod Identity association) and remove the key.";
const key = {
  name: "AWS_ACCESS_KEY_ID",
  valueFrom: { secretKeyRef: { name: "credentials", key: "access-key-id" } },
};
const withKey = changed(server, [...container, "env", 0], key);

stackContract(instanceUsesNoStaticKey, {
  passes: { "a bucket at AWS without keys": [namespace(), bucket, server, credentials] },
  breaks: [namespace(), bucket, withKey],
  message: `urn:2: spec.template.spec.containers[0].env[0] is AWS_ACCESS_KEY_ID; ${instead}`,
  unknown: [
    {
      given: [namespace(), bucket, changed(credentials, ["data", "other"], unknown), withKey],
      later: ["data.other"],
      violations: [
        `urn:3: spec.template.spec.containers[0].env[0] is AWS_ACCESS_KEY_ID; ${instead}`,
      ],
    },
  ],
  ignores: {
    "the keys of another store": [
      namespace(),
      bucketAt(otherStore),
      withKey,
      credentialsWith({ "access-key-id": "shop" }),
    ],
    "other variables": [namespace(), bucket, serverWith({ AWS_DEFAULT_REGION: "eu-central-1" })],
  },
});

test.each([
  ["secret-access-key", "x"],
  ["AWS_SECRET_ACCESS_KEY", "x"],
  ["login", `AKIA${"A".repeat(16)}`],
])("a Secret with %s, never its text", async (name, text) => {
  const { violations } = await judgeStack(instanceUsesNoStaticKey, [
    namespace(),
    bucket,
    credentialsWith({ [name]: text }),
  ]);
  expect(violations).toEqual([`urn:2: data.${name} is an access key of AWS; ${instead}`]);
});
