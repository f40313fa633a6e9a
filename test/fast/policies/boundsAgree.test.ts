import {
  bounds,
  connectionsAvailable,
  databaseName,
  maintenanceRoleNames,
  namespaceName,
  parseDays,
  Tier,
  tierDefaults,
  TokenRole,
} from "@mlflow-instances/components/internal";
import { expect, test } from "vitest";
import { z } from "zod";
import { databaseNameOf, namespaceNameOf, roleNamesOf } from "../../../policies/model/names.ts";
import { productionHasReplicas } from "../../../policies/reliability/productionHasReplicas.ts";
import { rolesFitTheServer } from "../../../policies/reliability/rolesFitTheServer.ts";
import { mostOfRds } from "../../../policies/retention/databaseBackupOutlastsRetention.ts";
import { namespaceDeclaresRetention } from "../../../policies/retention/namespaceDeclaresRetention.ts";
import { tokenExpiresInTime } from "../../../policies/security/tokenExpiresInTime.ts";
import { tokenHasAllowedRole } from "../../../policies/security/tokenHasAllowedRole.ts";
import { boundFor } from "../../../policies/settings.ts";
import { backupDaysOf, type RdsSettings } from "../../../program/platforms/aws/rds.ts";
import { retentionDays } from "../../../program/values/tiers.ts";

// The rules judge programs of anybody, so they have copies of what the components and the program
// know. Each is held to its original here.

const tiers = Object.values(Tier);

const rangeOf = (settings: z.ZodObject, name: string) => {
  const schema = z.toJSONSchema(settings, { io: "input" }) as any;
  const value = schema.properties[name].properties.default;
  return { least: value.minimum as number, most: value.maximum as number, of: value.items?.enum };
};

test.each(tiers)("the retentions of tier %s are those that a file may have", (tier) => {
  const { minDays, maxDays } = namespaceDeclaresRetention.settings!.parse({});
  const copy = { least: boundFor(minDays, { tier }), most: boundFor(maxDays, { tier }) };
  expect(copy).toEqual(retentionDays[tier]);
  const usual = parseDays(tierDefaults(tier).deletedExperimentRetention)!;
  expect(usual).toBeGreaterThanOrEqual(copy.least);
  expect(usual).toBeLessThanOrEqual(copy.most);
});

test("no configuration allows a retention that the component refuses", () => {
  for (const name of ["minDays", "maxDays"])
    expect(rangeOf(namespaceDeclaresRetention.settings!, name)).toMatchObject(
      bounds.deletedExperimentRetention,
    );
});

test("backups are kept for as long as the environment's own server can", () => {
  expect(mostOfRds).toBe(backupDaysOf({} as RdsSettings));
});

test.each(tiers)("the replicas of tier %s by default are as many as the rule asks for", (tier) => {
  const least = boundFor(productionHasReplicas.settings!.parse({}).least, { tier });
  expect(tierDefaults(tier).replicas).toBeGreaterThanOrEqual(least);
  expect(least).toBeLessThanOrEqual(bounds.replicas.most);
});

test("tiers and roles of tokens are those of the components and of a file", () => {
  expect(rangeOf(tokenHasAllowedRole.settings!, "roles").of).toEqual(Object.values(TokenRole));
  const places = (z.toJSONSchema(tokenExpiresInTime.settings!, { io: "input" }) as any).properties
    .maxDays.properties.tiers;
  expect(places.propertyNames.enum).toEqual(tiers);
});

test("connections that a server keeps for administrators are as many as the program leaves", () => {
  const { reserved } = rolesFitTheServer.settings!.parse({});
  expect(boundFor(reserved, {})).toBe(100 - connectionsAvailable(100));
});

test("names that follow from an instance's are those that the component gives", () => {
  const name = "fraud-detector";
  expect(namespaceNameOf(name)).toBe(namespaceName(name));
  expect(databaseNameOf(name)).toBe(databaseName(name));
  const { retention, staleRuns } = roleNamesOf(name);
  expect({ retention, staleRuns }).toEqual(maintenanceRoleNames(databaseName(name)));
});
