import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  instanceGrants,
  maintenanceGrants,
  resourcesOf,
} from "../../../components/internal/bucketActions.ts";
import { parseEnvironment, type Environment } from "../../../program/environment/environment.ts";
import { toArgs } from "../../../program/instance/toArgs.ts";
import { showPath } from "../../../program/values/problems.ts";
import { configOf } from "../program/support.ts";

// The pages on existing platforms are to be copied from: each stack file in them is an environment
// that the program takes. Whether a provider's services are as a page says is not proved here; the
// page names what it has from where.

const docs = fileURLToPath(new URL("../../../docs", import.meta.url));
const read = (page: string): string => readFileSync(join(docs, page), "utf8");
const pages = ["platforms/stackit.md", "platforms/generic-cloud.md", "platforms/on-premises.md"];

/** Every fenced block of a language. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, block]) => block!,
  );

function environmentOf(text: string) {
  const files = blocks(text, "yaml").filter((block) => block.startsWith("config:\n"));
  expect(files).toHaveLength(1);
  const { config } = parse(files[0]!) as { config: Record<string, unknown> };
  expect(Object.keys(config)).toEqual([
    "pulumi:disable-default-providers",
    "mlflow-instances:environment",
  ]);
  const { environment, problems } = parseEnvironment(
    configOf(config["mlflow-instances:environment"]),
  );
  return {
    environment,
    problems: problems.map(({ path, message }) => `${showPath(path)}: ${message}`),
  };
}

const existing = (environment: Environment | undefined) => {
  if (environment?.platform.kind !== "existing")
    throw new Error("is no environment of kind existing");
  return environment.platform;
};

describe.each(pages)("%s", (page) => {
  it("has one stack file, and the program takes it", () => {
    const { environment, problems } = environmentOf(read(page));
    expect(problems).toEqual([]);
    expect(existing(environment).kind).toBe("existing");
  });

  it.each([
    ["        features:", "        feature:", /environment\.platform\.objectStore\.features?: /],
    [
      "versioning: true",
      "versionning: true",
      /environment\.platform\.objectStore\.features\.versionning: unknown key/,
    ],
    ["      network:", "      networks:", /environment\.platform\.networks: unknown key/],
    ["sslMode: verify-full", "sslMode: verify", /environment\.platform\.postgresql\.sslMode: /],
  ])("fails with %j written as %j", (right, wrong, expected) => {
    const text = read(page);
    expect(text).toContain(right);
    expect(environmentOf(text.replaceAll(right, wrong)).problems.join("\n")).toMatch(expected);
  });

  it("says what was not run", () => {
    expect(read(page)).toMatch(/\*\*Not run here\*\*/);
  });
});

describe("existing-platform.md", () => {
  it("names every feature of the object store, and no other", () => {
    const { environment } = environmentOf(read(pages[0]!));
    const [, table] = /\| feature .*\n.*\n((?:\|.*\n)+)/.exec(read("existing-platform.md")) ?? [];
    const named = [...(table ?? "").matchAll(/^\| `(\w+)`/gm)].map(([, feature]) => feature);
    expect(named).toEqual(Object.keys(existing(environment).objectStore.features));
  });
});

describe("platforms/stackit.md", () => {
  it("gives each bucket to the groups of its keys, and refuses every other group of the project", async () => {
    const { environment } = environmentOf(read("platforms/stackit.md"));
    type Keys = Record<
      string,
      {
        accessKeyId: string;
        secretAccessKey: string;
        principal: string;
        maintenance: { principal: string };
      }
    >;
    const [keys] = blocks(read("platforms/stackit.md"), "json").map(
      (text) => JSON.parse(text) as Keys,
    );
    const { "fraud-detector": own } = keys!;
    const file = { team: "fraud", owner: "fraud-team@example.com", description: "Card fraud" };
    const pair = { accessKeyId: "id", secretAccessKey: pulumi.secret("key") };
    const { platform, bucketCredentials, maintenanceCredentials } = toArgs(
      environment!,
      "fraud-detector",
      file,
      {
        database: { host: "10.0.0.1", port: 5432 },
        key: {
          ...pair,
          principal: own!.principal,
          maintenance: { ...pair, principal: own!.maintenance.principal },
        },
      },
    );
    expect(bucketCredentials).toMatchObject({ principal: own!.principal });
    expect(maintenanceCredentials).toMatchObject({ principal: own!.maintenance.principal });
    expect(platform.objectStore).toMatchObject({
      denyOthers: true,
      tlsOnly: false,
      lifecycle: false,
      adminPrincipals: [existing(environment).objectStore.adminPrincipal],
    });
  });
});

describe("platforms/on-premises.md", () => {
  it("gives users of MinIO exactly what a bucket policy would give them", () => {
    type Policy = { Statement: { Action: string[]; Resource: string[] }[] };
    const policies = blocks(read("platforms/on-premises.md"), "json")
      .map((text) => JSON.parse(text) as Partial<Policy>)
      .flatMap(({ Statement }) =>
        Statement === undefined
          ? []
          : [Statement.map(({ Action, Resource }) => ({ Action, Resource }))],
      );
    const granted = [instanceGrants(true), maintenanceGrants].map((grants) =>
      grants.map((grant) => ({
        Action: [...grant.actions],
        Resource: resourcesOf(grant, "arn:aws:s3:::mlflow-onprem-fraud-detector"),
      })),
    );
    expect(policies).toEqual(granted);
  });
});
