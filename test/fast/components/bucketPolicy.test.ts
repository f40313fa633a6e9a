import { describe, expect, test } from "vitest";
import { bucketPolicy, type BucketPolicyFacts } from "../../../components/internal/bucketPolicy.ts";

interface Statement {
  Sid: string;
  Effect: string;
  Principal: { AWS: string[] } | string;
  Action: string[];
  Resource: string[];
  Condition?: unknown;
}

const facts: BucketPolicyFacts = {
  bucket: "b",
  partition: "aws",
  instancePrincipal: "user",
  maintenancePrincipal: "cleaner",
  adminPrincipals: ["root", "deployer"],
  grantedByRoles: false,
  preparingDeletion: false,
  tlsOnly: true,
  refusal: "none",
};
const statements = (changes: Partial<BucketPolicyFacts> = {}) =>
  (JSON.parse(bucketPolicy({ ...facts, ...changes })) as { Statement: Statement[] }).Statement;

describe("the bucket policy while a key is replaced", () => {
  const former = { formerPrincipals: ["old"] };

  test("gives the user of before what the instance's user has, and nothing more", () => {
    const both = statements(former).filter(({ Principal }) =>
      JSON.stringify(Principal).includes("old"),
    );
    expect(both.length).toBeGreaterThan(0);
    for (const { Effect, Principal } of both)
      expect([Effect, Principal]).toEqual(["Allow", { AWS: ["user", "old"] }]);
    const replaced = JSON.stringify(statements(former)).replaceAll(',"old"', "");
    expect(JSON.parse(replaced)).toEqual(statements());
  });

  test("refuses that user what it refuses the instance's, where a store lets every key in", () => {
    const refused = statements({ ...former, refusal: "byPrincipal" }) as any[];
    const others = refused.find(({ Sid }) => Sid === "RefuseOthers");
    expect(others.NotPrincipal.AWS).toContain("old");
    const rest = refused.filter(({ Sid }) => /^RefuseInstance/.test(Sid));
    expect(rest.length).toBeGreaterThan(0);
    for (const { Principal } of rest) expect(Principal.AWS).toEqual(["user", "old"]);
  });
});

describe("the bucket policy", () => {
  test("allows the instance to use objects, but neither to remove old versions nor to change the bucket", () => {
    const actions = statements()
      .filter(
        ({ Effect, Principal }) =>
          Effect === "Allow" && typeof Principal === "object" && Principal.AWS.includes("user"),
      )
      .flatMap(({ Action }) => Action);
    expect(actions.sort()).toEqual([
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListBucket",
      "s3:PutObject",
    ]);
  });

  test("allows the instance the folders of users only, and to write the last dump once it is about to go", () => {
    const resources = (preparingDeletion: boolean) =>
      statements({ preparingDeletion })
        .filter(
          ({ Principal, Action }) =>
            typeof Principal === "object" &&
            Principal.AWS.includes("user") &&
            Action.includes("s3:PutObject"),
        )
        .flatMap(({ Resource }) => Resource);
    expect(resources(false)).toEqual(["arn:aws:s3:::b/artifacts/*", "arn:aws:s3:::b/tmp/*"]);
    expect(resources(true)).toEqual([
      "arn:aws:s3:::b/artifacts/*",
      "arn:aws:s3:::b/tmp/*",
      "arn:aws:s3:::b/final-dump/*",
    ]);
  });

  test("allows maintenance to remove anything and to read nothing but its own reports", () => {
    const allowed = statements()
      .filter(({ Principal }) => typeof Principal === "object" && Principal.AWS.includes("cleaner"))
      .flatMap(({ Effect, Action, Resource }) =>
        Action.map((action) => `${Effect} ${action} on ${Resource.join()}`),
      );
    expect(allowed.sort()).toEqual([
      "Allow s3:AbortMultipartUpload on arn:aws:s3:::b/*",
      "Allow s3:DeleteObject on arn:aws:s3:::b/*",
      "Allow s3:DeleteObjectVersion on arn:aws:s3:::b/*",
      "Allow s3:GetObject on arn:aws:s3:::b/maintenance/*",
      "Allow s3:ListBucket on arn:aws:s3:::b",
      "Allow s3:ListBucketMultipartUploads on arn:aws:s3:::b",
      "Allow s3:ListBucketVersions on arn:aws:s3:::b",
      "Allow s3:PutObject on arn:aws:s3:::b/maintenance/*",
    ]);
  });

  test("names the administrators, who would lose access otherwise", () => {
    expect(statements().filter(({ Sid }) => Sid === "AdminsManage")).toEqual([
      {
        Sid: "AdminsManage",
        Effect: "Allow",
        Principal: { AWS: ["root", "deployer"] },
        Action: ["s3:*"],
        Resource: ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
      },
    ]);
  });

  test("allows nothing to everybody", () => {
    for (const { Effect } of statements({ refusal: "byArn" }).filter(
      ({ Principal }) => Principal === "*",
    ))
      expect(Effect).toBe("Deny");
  });

  test("refuses plain HTTP, and others by name, exactly when asked to", () => {
    const refusals = (changes: Partial<BucketPolicyFacts>) =>
      statements(changes)
        .filter(({ Effect }) => Effect === "Deny")
        .map(({ Condition }) => Condition);
    expect(refusals({ tlsOnly: false })).toEqual([]);
    expect(refusals({})).toEqual([{ Bool: { "aws:SecureTransport": "false" } }]);
    expect(refusals({ tlsOnly: false, refusal: "byArn" })).toEqual([
      { StringNotEquals: { "aws:PrincipalArn": ["user", "cleaner", "root", "deployer"] } },
    ]);
    // A store with one user per bucket: it is named once.
    expect(refusals({ tlsOnly: false, refusal: "byArn", maintenancePrincipal: "user" })).toEqual([
      { StringNotEquals: { "aws:PrincipalArn": ["user", "root", "deployer"] } },
    ]);
  });

  test("allows nothing at all where roles have policies of their own: both allow, and either is enough", () => {
    const principals = {
      instancePrincipal: "role/server",
      maintenancePrincipal: "role/maintenance",
    };
    const roles = { grantedByRoles: true, refusal: "byArn", ...principals } as const;
    expect(
      statements(roles).map(({ Sid, Effect, Principal, Action, Condition }) => [
        Sid,
        Effect,
        Principal,
        Action,
        Condition,
      ]),
    ).toEqual([
      ["RefusePlainHttp", "Deny", "*", ["s3:*"], { Bool: { "aws:SecureTransport": "false" } }],
      [
        "RefuseOthers",
        "Deny",
        "*",
        ["s3:*"],
        {
          StringNotEquals: {
            "aws:PrincipalArn": ["role/server", "role/maintenance", "root", "deployer"],
          },
        },
      ],
    ]);
  });

  describe("of a store that lets every key do everything", () => {
    const refused = (changes: Partial<BucketPolicyFacts> = {}) =>
      (
        JSON.parse(
          bucketPolicy({ ...facts, tlsOnly: false, refusal: "byPrincipal", ...changes }),
        ) as { Statement: any[] }
      ).Statement.filter(({ Effect }) => Effect === "Deny");
    const everything = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"];

    test("refuses whoever isn't named, and to the instance's users what they aren't granted", () => {
      expect(refused()).toEqual([
        {
          Sid: "RefuseOthers",
          Effect: "Deny",
          NotPrincipal: { AWS: ["user", "cleaner", "root", "deployer"] },
          Action: ["s3:*"],
          Resource: everything,
        },
        {
          Sid: "RefuseInstanceTheRest",
          Effect: "Deny",
          Principal: { AWS: ["user"] },
          NotAction: [
            "s3:ListBucket",
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
          ],
          Resource: everything,
        },
        {
          Sid: "RefuseInstanceElsewhere",
          Effect: "Deny",
          Principal: { AWS: ["user"] },
          Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
          NotResource: ["arn:aws:s3:::b/artifacts/*", "arn:aws:s3:::b/tmp/*"],
        },
        {
          Sid: "RefuseMaintenanceTheRest",
          Effect: "Deny",
          Principal: { AWS: ["cleaner"] },
          NotAction: [
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:ListBucketMultipartUploads",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:PutObject",
          ],
          Resource: everything,
        },
        {
          Sid: "RefuseMaintenanceElsewhere",
          Effect: "Deny",
          Principal: { AWS: ["cleaner"] },
          Action: ["s3:GetObject", "s3:PutObject"],
          NotResource: ["arn:aws:s3:::b/maintenance/*"],
        },
      ]);
    });

    test("leaves one user that does both what either may", () => {
      const [others, rest, ...more] = refused({ maintenancePrincipal: "user" });
      expect(others.NotPrincipal).toEqual({ AWS: ["user", "root", "deployer"] });
      expect(rest.NotAction).toEqual(
        expect.arrayContaining(["s3:GetObject", "s3:DeleteObjectVersion"]),
      );
      expect(rest.NotAction).not.toContain("s3:PutBucketPolicy");
      expect(more).toEqual([
        {
          Sid: "RefuseInstanceElsewhere",
          Effect: "Deny",
          Principal: { AWS: ["user"] },
          Action: ["s3:GetObject", "s3:PutObject"],
          NotResource: [
            "arn:aws:s3:::b/artifacts/*",
            "arn:aws:s3:::b/maintenance/*",
            "arn:aws:s3:::b/tmp/*",
          ],
        },
      ]);
    });

    test("still grants to each what it needs, and knows no condition", () => {
      const all = statements({ tlsOnly: false, refusal: "byPrincipal" });
      expect(all.filter(({ Effect }) => Effect === "Allow")).toEqual(
        statements().filter(({ Effect }) => Effect === "Allow"),
      );
      expect(all.filter(({ Condition }) => Condition !== undefined)).toEqual([]);
    });
  });

  test("names the bucket as its part of AWS does", () => {
    for (const { Resource } of statements({ partition: "aws-cn" })) {
      for (const resource of Resource) expect(resource).toMatch(/^arn:aws-cn:s3:::b/);
    }
  });
});
