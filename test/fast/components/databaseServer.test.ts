import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import type { NamedServerArgs } from "@mlflow-instances/components/internal";
import {
  memoryOfClass,
  mostConnectionsOf,
} from "../../../components/internal/databaseServerClasses.ts";
import {
  parameterFamily,
  parameters,
} from "../../../components/internal/databaseServerParameters.ts";
import { masterSecretOf, passwordOf } from "../../../components/internal/databaseServerSecret.ts";
import {
  clientLogicalName,
  gibibytes,
  namedServerArgs,
  resolveDatabaseServer,
} from "../../../components/internal/databaseServerSettings.ts";
import { databaseServerProblems } from "../../../components/internal/databaseServerValidation.ts";
import {
  overlap,
  parseDailyWindow,
  parseWeeklyWindow,
} from "../../../components/internal/databaseServerWindows.ts";
import { databaseServerArgs } from "../../support/databaseServer.ts";

const problems = (changes: Record<string, unknown>) =>
  databaseServerProblems("mlflow-dev", { ...databaseServerArgs(), ...changes });
const key = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000";

test("valid arguments have no problem, in every tier", () => {
  for (const tier of ["sandbox", "standard", "production"])
    expect(problems({ tier }), tier).toEqual([]);
  expect(
    problems({
      kmsKeyArn: key,
      clientSecurityGroupIds: undefined,
      clientCidrs: ["10.0.0.0/16"],
      storage: "100Gi",
      maxStorage: "110Gi",
      backupRetention: "35d",
      snapshotIdentifier: "rds:mlflow-dev-2026-11-01-00-05",
    }),
  ).toEqual([]);
});

test("the environment and the tier follow from the program", () => {
  const { environment: _name, tier: _tier, ...args } = databaseServerArgs();
  const named = namedServerArgs("prod", args);
  expect([named.environment, named.tier]).toEqual(["prod", "standard"]);
  expect(databaseServerProblems("mlflow-prod", named)).toEqual([]);
});

describe("what is no value of its kind is said with its path, before anything looks into it", () => {
  test.each<[string, unknown, string]>([
    ["owner", undefined, "must be set"],
    ["subnetIds", "subnet-0a", "must be a list"],
    ["maxConnections", "400", "must be a number"],
    ["protect", "false", "must be true or false"],
    ["vpc", "vpc-0123", "is no argument"],
    ["tier", pulumi.output("standard"), "must be a plain value and no output"],
  ])("%s", (path, value, reason) => {
    const found = problems({ [path]: value });
    expect(found.map(({ propertyPath }) => propertyPath)).toEqual([path]);
    expect(found[0]?.reason).toContain(reason);
  });
});

describe("each wrong argument is reported once, with its path", () => {
  test.each<[string, Record<string, unknown>]>([
    ["environment", { environment: "" }],
    ["tier", { tier: "gold" }],
    ["owner", { owner: " " }],
    ["owner", { owner: "Platform, Berlin" }],
    ["costCenter", { costCenter: "" }],
    ["costCenter", { costCenter: "4711;" }],
    ["identifier", { identifier: "Mlflow" }],
    ["identifier", { identifier: "mlflow--dev" }],
    ["identifier", { identifier: "mlflow-" }],
    ["identifier", { identifier: "m".repeat(49) }],
    ["engineVersion", { engineVersion: "13" }],
    ["engineVersion", { engineVersion: "9" }],
    ["engineVersion", { engineVersion: "13.16" }],
    ["engineVersion", { engineVersion: "16.4" }],
    ["engineVersion", { engineVersion: "latest" }],
    ["instanceClass", { instanceClass: "t4g.medium" }],
    ["maxConnections", { maxConnections: 19 }],
    ["maxConnections", { maxConnections: 5001, instanceClass: "db.r7g.4xlarge" }],
    ["maxConnections", { maxConnections: 100.5 }],
    ["maxConnections", { maxConnections: 452 }],
    ["vpcId", { vpcId: "subnet-0a" }],
    ["subnetIds", { subnetIds: ["subnet-0a"] }],
    ["subnetIds", { subnetIds: ["subnet-0a", "subnet-0a"] }],
    ["subnetIds[1]", { subnetIds: ["subnet-0a", "eu-central-1b"] }],
    ["clientSecurityGroupIds", { clientSecurityGroupIds: [] }],
    ["clientSecurityGroupIds[0]", { clientSecurityGroupIds: ["default"] }],
    ["clientSecurityGroupIds[1]", { clientSecurityGroupIds: ["sg-0c", "sg-0c"] }],
    ["clientCidrs[0]", { clientCidrs: ["10.0.0.0"] }],
    ["clientCidrs[0]", { clientCidrs: ["0.0.0.0/0"] }],
    ["clientCidrs[0]", { clientCidrs: ["::/0"] }],
    ["clientCidrs[1]", { clientCidrs: ["10.0.0.0/16", "10.0.0.0/16"] }],
    ["storage", { storage: "10Gi" }],
    ["storage", { storage: "50G" }],
    ["storage", { storage: "20.5Gi" }],
    ["maxStorage", { storage: "100Gi", maxStorage: "109Gi" }],
    ["maxStorage", { maxStorage: "70000Gi" }],
    ["kmsKeyArn", { kmsKeyArn: "alias/mlflow" }],
    ["kmsKeyArn", { kmsKeyArn: key.replace(":key/", ":alias/") }],
    ["backupRetention", { backupRetention: "0d" }],
    ["backupRetention", { backupRetention: "36d" }],
    ["backupWindow", { backupWindow: "01:00-01:20" }],
    ["backupWindow", { backupWindow: "25:00-26:00" }],
    ["maintenanceWindow", { maintenanceWindow: "sunday:05:30-sunday:06:30" }],
    ["maintenanceWindow", { maintenanceWindow: "mon:00:10-mon:02:00" }],
    ["logRetention", { logRetention: "31d" }],
    ["adminUser", { adminUser: "rdsadmin" }],
    ["adminUser", { adminUser: "admin" }],
    ["adminUser", { adminUser: "mlflow-admin" }],
    ["snapshotIdentifier", { snapshotIdentifier: "" }],
    ["finalSnapshotIdentifier", { finalSnapshotIdentifier: "last one" }],
  ])("%s %j", (path, changes) => {
    expect(problems(changes).map(({ propertyPath }) => propertyPath)).toEqual([path]);
  });
});

test("what is wrong says what would be right", () => {
  const reason = (changes: Record<string, unknown>) =>
    problems(changes).map((problem) => problem.reason);
  expect(reason({ engineVersion: "16.4" })).toEqual([
    "must be a major version such as 16: AWS chooses the minor one",
  ]);
  expect(reason({ engineVersion: "13.16" })).toEqual([
    "must be a major version of PostgreSQL that is 14 or later, such as 16",
  ]);
  expect(reason({ maxConnections: 500 })).toEqual([
    "must be at most 450, which is RDS' own value for the 4 GiB of db.t4g.medium; lower it or take a larger instanceClass",
  ]);
  expect(
    databaseServerProblems("My Server", databaseServerArgs()).map((problem) => problem.reason),
  ).toEqual([
    'must be at most 48 lower case letters, digits and single dashes, beginning with a letter and not ending with a dash; it is "My Server", the component\'s name',
  ]);
});

test("a value that only the engine will know is not judged", () => {
  expect(
    problems({
      vpcId: Promise.resolve("x"),
      subnetIds: [Promise.resolve("x"), Promise.resolve("x")],
    }),
  ).toEqual([]);
});

test("connections that fit a class: its memory / 9531392, and no more than 5000", () => {
  expect(
    ["micro", "small", "medium", "large"].map((size) => mostConnectionsOf(`db.t4g.${size}`)),
  ).toEqual([112, 225, 450, 901]);
  expect(mostConnectionsOf("db.m7g.large")).toBe(901);
  expect(mostConnectionsOf("db.r7g.large")).toBe(1802);
  expect([
    memoryOfClass("db.m6i.12xlarge"),
    memoryOfClass("db.r6g.2xlarge"),
    memoryOfClass("db.t3.2xlarge"),
  ]).toEqual([192, 64, 32]);
  expect(mostConnectionsOf("db.r7g.4xlarge")).toBe(5000);
  expect(
    ["db.t2.micro", "db.m7g.huge", "db.x2g.large", "m7g.large", "db.t4g.4xlarge"].map(
      mostConnectionsOf,
    ),
  ).toEqual(Array.from({ length: 5 }));
});

describe("windows", () => {
  test("of a day", () => {
    expect(parseDailyWindow("00:00-00:30")).toEqual({ start: 0, length: 30 });
    expect(parseDailyWindow("23:45-00:15")).toEqual({ start: 1425, length: 30 });
    for (const wrong of [
      "",
      "0:00-0:30",
      "00:00-24:00",
      "00:60-01:00",
      "01:00-01:00",
      "00:00",
      "00:00-00:30 UTC",
    ])
      expect(parseDailyWindow(wrong), wrong).toBeUndefined();
  });

  test("of a week", () => {
    expect(parseWeeklyWindow("mon:00:00-mon:01:00")).toEqual({ start: 0, length: 60 });
    expect(parseWeeklyWindow("sun:23:30-mon:00:30")).toEqual({
      start: 6 * 1440 + 1410,
      length: 60,
    });
    for (const wrong of [
      "",
      "Sun:05:30-Sun:06:30",
      "xyz:05:30-sun:06:30",
      "sun:24:00-sun:06:30",
      "sun:05:30-sun:05:30",
    ])
      expect(parseWeeklyWindow(wrong), wrong).toBeUndefined();
  });

  test.each([
    ["00:00-00:30", "sun:05:30-sun:06:30", false],
    ["05:00-05:30", "sun:05:30-sun:06:30", false],
    ["05:00-05:31", "sun:05:30-sun:06:30", true],
    ["06:29-07:00", "sun:05:30-sun:06:30", true],
    ["23:45-00:15", "mon:00:00-mon:00:30", true],
    ["00:00-00:30", "sun:23:45-mon:00:15", true],
    ["23:00-23:59", "wed:12:00-wed:13:00", false],
    ["12:10-12:40", "wed:12:00-wed:13:00", true],
    ["12:00-13:00", "wed:12:20-wed:12:50", true],
  ])("%s and %s", (daily, weekly, expected) => {
    expect(overlap(parseDailyWindow(daily)!, parseWeeklyWindow(weekly)!)).toBe(expected);
  });
});

test("what PostgreSQL reads only when it starts waits for a restart, and no parameter stands twice", () => {
  const methods = Object.fromEntries(
    parameters(400).map(({ name, applyMethod }) => [name, applyMethod]),
  );
  expect(methods["max_connections"]).toBe("pending-reboot");
  expect(methods["log_lock_waits"]).toBe("immediate");
  expect(Object.keys(methods).length).toBe(parameters(400).length);
  // What would write statements, and with them role passwords, into CloudWatch.
  for (const name of ["log_statement", "log_min_duration_statement", "log_duration"])
    expect(Object.keys(methods)).not.toContain(name);
  expect(["14", "16", "18"].map(parameterFamily)).toEqual([
    "postgres14",
    "postgres16",
    "postgres18",
  ]);
});

test("storage grows to five times its size unless told otherwise, and never beyond what RDS takes", () => {
  const most = (changes: Partial<NamedServerArgs>) =>
    resolveDatabaseServer("mlflow-dev", databaseServerArgs(changes)).maxStorage;
  expect([most({}), most({ storage: "200Gi" }), most({ storage: "20000Gi" })]).toEqual([
    100, 1000, 65_536,
  ]);
  expect(most({ storage: "20000Gi", maxStorage: "30000Gi" })).toBe(30_000);
});

test("sizes are whole Gi", () => {
  expect(["20Gi", "1024Gi", "1Ti", "20G", "20", "0Gi", "1.5Gi", ""].map(gibibytes)).toEqual([
    20,
    1024,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("names of openings hold no colon and no slash", () => {
  expect(clientLogicalName("mlflow-dev", "fd00:1::/64")).toBe("mlflow-dev-from-fd00-1---64");
});

describe("the master secret", () => {
  test("is the one that RDS names", () => {
    expect(masterSecretOf([{ secretArn: "arn:1" }])).toBe("arn:1");
    expect(() => masterSecretOf([])).toThrow("has no managed master secret yet");
  });

  test("holds the password as JSON", () => {
    expect(passwordOf('{"username":"mlflow_admin","password":"p\\"w"}')).toBe('p"w');
  });

  test.each([
    ["no JSON", "hidden-value is no JSON"],
    ["JSON without one", '{"username":"hidden-value"}'],
    ["an empty one", '{"username":"hidden-value","password":""}'],
    ["no object", '"hidden-value"'],
    ["null", "null"],
  ])("that holds %s is an error that does not quote it", (_what, secretString) => {
    const failure = (() => {
      try {
        return passwordOf(secretString);
      } catch (error) {
        return error as Error;
      }
    })() as Error;
    expect(failure.message).toBe(
      "the master secret of the database server is not what RDS writes: JSON with a password",
    );
    expect(`${failure.stack}`).not.toContain("hidden-value");
  });
});
