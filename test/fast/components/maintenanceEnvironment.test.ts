import { expect, test } from "vitest";
import {
  maintenanceEnvironment,
  type MaintenanceEnvironmentFacts,
} from "../../../components/internal/maintenanceEnvironment.ts";

const facts: MaintenanceEnvironmentFacts = {
  instanceName: "fraud",
  artifactsAccess: "proxied",
  bucket: {
    name: "b",
    endpoint: "https://s3.example.com",
    region: "eu-central-1",
    versioning: true,
    lifecycle: false,
  },
  usesRole: false,
  caGiven: true,
  deletedExperimentRetention: "30d",
  staleRuns: { after: "24h", idle: "6h" },
};

test("the settings of the maintenance jobs, all of them", () => {
  expect(maintenanceEnvironment(facts)).toEqual({
    MLFLOW_INSTANCE_NAME: "fraud",
    MLFLOW_INSTANCE_ARTIFACTS_DESTINATION: "s3-proxied://b/artifacts",
    MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION: "30d",
    MLFLOW_INSTANCE_STALE_RUNS_AFTER: "24h",
    MLFLOW_INSTANCE_STALE_RUNS_IDLE: "6h",
    MLFLOW_INSTANCE_BUCKET_VERSIONING: "true",
    MLFLOW_INSTANCE_BUCKET_LIFECYCLE: "false",
    AWS_DEFAULT_REGION: "eu-central-1",
    AWS_EC2_METADATA_DISABLED: "true",
    MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
    AWS_REQUEST_CHECKSUM_CALCULATION: "when_required",
    AWS_RESPONSE_CHECKSUM_VALIDATION: "when_required",
    AWS_CA_BUNDLE: "/etc/mlflow-instance/ca/ca.crt",
  });
});

test("a trace retention is there only where one is declared", () => {
  expect(maintenanceEnvironment({ ...facts, traceRetention: "180d" })).toEqual({
    ...maintenanceEnvironment(facts),
    MLFLOW_INSTANCE_TRACE_RETENTION: "180d",
  });
  expect(Object.keys(maintenanceEnvironment(facts))).not.toContain(
    "MLFLOW_INSTANCE_TRACE_RETENTION",
  );
});

test("a bucket that is not said to lack something has it, and AWS needs no endpoint", () => {
  const environment = maintenanceEnvironment({
    ...facts,
    bucket: { name: "b", region: "eu-central-1" },
    caGiven: false,
  });
  expect(environment).toMatchObject({
    MLFLOW_INSTANCE_BUCKET_VERSIONING: "true",
    MLFLOW_INSTANCE_BUCKET_LIFECYCLE: "true",
  });
  expect(Object.keys(environment)).not.toContain("MLFLOW_S3_ENDPOINT_URL");
  expect(Object.keys(environment)).not.toContain("AWS_CA_BUNDLE");
});

test("a role brings its region and no bundle", () => {
  const environment = maintenanceEnvironment({
    ...facts,
    bucket: { name: "b", region: "eu-central-1" },
    usesRole: true,
  });
  expect(environment).toMatchObject({
    AWS_REGION: "eu-central-1",
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
  });
  expect(environment).not.toHaveProperty("AWS_CA_BUNDLE");
});
