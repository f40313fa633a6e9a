import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer.js";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema.js";
import { beforeAll, describe, expect, test } from "vitest";
import * as components from "@mlflow-instances/components";

const folder = fileURLToPath(new URL("../../../components", import.meta.url));

interface Property {
  type?: string;
  $ref?: string;
  plain?: boolean;
  description?: string;
  items?: Property;
  additionalProperties?: Property;
}
interface Schema {
  resources: Record<
    string,
    {
      isComponent: boolean;
      inputProperties: Record<string, Property>;
      requiredInputs: string[];
      properties: Record<string, Property>;
    }
  >;
  types: Record<
    string,
    { enum?: { value: string }[]; properties?: Record<string, Property>; required?: string[] }
  >;
}

// The same two functions that the engine's `package get-schema` reaches through the language host;
// what it can't prove is that host.
let schema: Schema;
beforeAll(() => {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as {
    version: string;
    description: string;
  };
  const analyzer = new Analyzer(
    folder,
    "mlflow-instances",
    manifest,
    new Set(["MlflowInstance", "DatabaseServer"]),
  );
  const { components: found, typeDefinitions, dependencies } = analyzer.analyze();
  schema = JSON.parse(
    JSON.stringify(
      generateSchema(
        "mlflow-instances",
        manifest.version,
        "",
        found,
        typeDefinitions,
        dependencies,
      ),
    ),
  ) as Schema;
}, 120_000);

describe("the schema of the component package", () => {
  const instance = () => schema.resources["mlflow-instances:index:MlflowInstance"]!;

  test("has two components, under the tokens that the components register themselves with", () => {
    expect(Object.keys(schema.resources).sort()).toEqual([
      "mlflow-instances:index:DatabaseServer",
      "mlflow-instances:index:MlflowInstance",
    ]);
    for (const { isComponent } of Object.values(schema.resources)) expect(isComponent).toBe(true);
    const exported = Object.values(components).filter(
      (value) => typeof value === "function" && value.prototype instanceof pulumi.ComponentResource,
    );
    expect(exported).toEqual([components.DatabaseServer, components.MlflowInstance]);
  });

  test("asks for what has no default and for nothing else", () => {
    expect(instance().requiredInputs).toEqual(["owner", "platform", "team"]);
    expect(schema.types["mlflow-instances:index:MlflowPlatform"]!.required).toEqual([
      "domain",
      "image",
      "ingress",
      "network",
      "objectStore",
      "postgresql",
    ]);
  });

  test("takes outputs only for what fills the tree; what decides it is plain", () => {
    const inputs = Object.entries(instance().inputProperties).filter(
      ([, { plain }]) => plain !== true,
    );
    expect(inputs.map(([name]) => name)).toEqual(["bucketCredentials", "maintenanceCredentials"]);
  });

  test("gives exactly the documented outputs: a private field would be one more", () => {
    expect(Object.keys(instance().properties)).toEqual([
      "trackingUri",
      "clusterUri",
      "host",
      "namespace",
      "bucketName",
      "bucketUri",
      "databaseName",
      "databaseRole",
      "mlflowVersion",
      "deletedExperimentRetention",
      "retentionSchedule",
      "staleRunsSchedule",
      "deletion",
      "tokens",
    ]);
  });

  test("a database server asks for what has no default, takes outputs for what fills it and gives what instances need", () => {
    const { requiredInputs, inputProperties, properties } =
      schema.resources["mlflow-instances:index:DatabaseServer"]!;
    expect(requiredInputs).toEqual([
      "engineVersion",
      "instanceClass",
      "maxConnections",
      "owner",
      "subnetIds",
      "vpcId",
    ]);
    const inputs = Object.entries(inputProperties).filter(
      ([, { plain, items }]) => plain !== true || (items ?? { plain }).plain !== true,
    );
    expect(inputs.map(([name]) => name)).toEqual([
      "vpcId",
      "subnetIds",
      "clientSecurityGroupIds",
      "clientCidrs",
      "kmsKeyArn",
    ]);
    expect(Object.keys(properties)).toEqual([
      "host",
      "port",
      "adminUser",
      "adminPassword",
      "maxConnections",
      "identifier",
    ]);
  });

  test("knows every type: no Any, and every reference is defined", () => {
    const text = JSON.stringify(schema);
    expect(text).not.toContain("pulumi.json#/Any");
    const references = [...text.matchAll(/"\$ref":"#\/types\/([^"]+)"/g)].map(
      ([, name]) => name ?? "",
    );
    expect(references.length).toBeGreaterThan(10);
    for (const name of references) expect(Object.keys(schema.types)).toContain(name);
  });

  test("lists the values of every enum", () => {
    const enums = Object.entries(schema.types).flatMap(([name, { enum: members }]) =>
      members === undefined
        ? []
        : [[name.split(":")[2], members.map(({ value }) => value)] as const],
    );
    expect(Object.fromEntries(enums)).toEqual({
      Tier: Object.values(components.Tier),
      TokenRole: Object.values(components.TokenRole),
      CiClaims: Object.values(components.CiClaims),
      ArtifactsAccess: Object.values(components.ArtifactsAccess),
      LogLevel: Object.values(components.LogLevel),
      SslMode: Object.values(components.SslMode),
      TlsSource: Object.values(components.TlsSource),
      IngressController: Object.values(components.IngressController),
      LoadBalancerScheme: Object.values(components.LoadBalancerScheme),
      PodIdentityMethod: Object.values(components.PodIdentityMethod),
      StorageClasses: Object.values(components.StorageClasses),
    });
  });

  test("describes every argument and output, of nested types too", () => {
    const nested = Object.entries(schema.types).flatMap(([type, { properties }]) =>
      Object.entries(properties ?? {}).map(
        ([name, property]) => [`${type}.${name}`, property] as const,
      ),
    );
    const own = Object.values(schema.resources).flatMap(({ inputProperties, properties }) => [
      ...Object.entries(inputProperties),
      ...Object.entries(properties),
    ]);
    const all = [...own, ...nested];
    expect(
      all.filter(([, { description }]) => description === undefined).map(([name]) => name),
    ).toEqual([]);
  });
});
