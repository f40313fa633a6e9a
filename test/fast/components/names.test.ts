import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  databaseName,
  instanceNamePattern,
  logicalName,
  maintenanceRoleNames,
  namespaceName,
  nouns,
  tokenLogicalName,
  tokenNamePattern,
  type Noun,
} from "../../../components/internal/names.ts";

const instanceNames = fc.stringMatching(instanceNamePattern);
const tokenNames = fc.stringMatching(tokenNamePattern);
const keys = Object.keys(nouns) as Noun[];

describe("names that follow from an instance's name", () => {
  test("fit their systems' limits and need no quotes", () => {
    fc.assert(
      fc.property(instanceNames, (name) => {
        expect(namespaceName(name)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/);
        expect(databaseName(name)).toMatch(/^[a-z_][a-z0-9_]{0,62}$/);
        for (const role of Object.values(maintenanceRoleNames(databaseName(name))))
          expect(role).toMatch(/^[a-z_][a-z0-9_]{0,62}$/);
      }),
    );
  });

  test("differ when the instances differ", () => {
    fc.assert(
      fc.property(instanceNames, instanceNames, (one, other) => {
        fc.pre(one !== other);
        expect(namespaceName(one)).not.toBe(namespaceName(other));
        expect(databaseName(one)).not.toBe(databaseName(other));
      }),
    );
  });
});

describe("logical names", () => {
  test("are a contract with existing states: this list changes only together with aliases", () => {
    expect(keys.map((noun) => logicalName("x", noun))).toEqual([
      "x-namespace",
      "x-quota",
      "x-pull-secret",
      "x-default-deny",
      "x-server-network",
      "x-migration-network",
      "x-maintenance-network",
      "x-final-dump-network",
      "x-bucket",
      "x-bucket-versioning",
      "x-bucket-encryption",
      "x-bucket-public-access",
      "x-bucket-ownership",
      "x-bucket-lifecycle",
      "x-bucket-policy",
      "x-database-password",
      "x-database-role",
      "x-database",
      "x-database-no-public",
      "x-retention-password",
      "x-retention-role",
      "x-retention-connect",
      "x-stale-runs-password",
      "x-stale-runs-role",
      "x-stale-runs-connect",
      "x-token",
      "x-token-hashes",
      "x-service-account",
      "x-server-key",
      "x-credentials",
      "x-ca-bundle",
      "x-migration",
      "x-server",
      "x-service",
      "x-disruption-budget",
      "x-certificate",
      "x-ingress",
      "x-route",
      "x-redirect-route",
      "x-listener-set",
      "x-retention-account",
      "x-retention-credentials",
      "x-retention",
      "x-stale-runs-account",
      "x-stale-runs-credentials",
      "x-stale-runs",
      "x-final-dump-account",
      "x-final-dump",
      "x-server-role",
      "x-server-role-policy",
      "x-maintenance-role",
      "x-maintenance-role-policy",
      "x-server-association",
      "x-retention-association",
      "x-stale-runs-association",
      "x-final-dump-association",
      "x-dns-record",
      "x-service-monitor",
    ]);
  });

  test("of different tokens and generations differ, and none is another resource's", () => {
    fc.assert(
      fc.property(
        tokenNames,
        tokenNames,
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 99 }),
        (one, other, first, second) => {
          fc.pre(one !== other || first !== second);
          const name = tokenLogicalName("x", one, first);
          expect(name).not.toBe(tokenLogicalName("x", other, second));
          expect(keys.map((noun) => logicalName("x", noun))).not.toContain(name);
        },
      ),
    );
  });
});
