import {
  deploymentManifest,
  type DeploymentFacts,
} from "../../../components/internal/deploymentManifest.ts";
import type { Identity } from "../../../components/internal/labels.ts";
import { finalDumpJob } from "../../../components/internal/finalDumpJob.ts";
import {
  maintenanceCronJob,
  retentionKind,
  staleRunsKind,
} from "../../../components/internal/maintenanceJobs.ts";
import { migrationJob } from "../../../components/internal/migrationJob.ts";

// Workloads of one instance, and the facts that they are made from.

export const identity: Identity = {
  instanceName: "fraud",
  team: "risk",
  owner: "o@example.com",
  environment: "dev",
  tier: "standard",
};
export const facts: DeploymentFacts = {
  identity,
  mlflowVersion: "3.17.2",
  image: "registry.example.com/mlflow@sha256:abc",
  imagePullSecrets: ["mlflow-image-pull", "of-others"],
  replicas: 1,
  prepareDeletion: false,
  resources: { cpuRequest: "250m", memoryRequest: "512Mi", memoryLimit: "1Gi" },
  temporaryStorage: "5Gi",
  drainSeconds: 5,
  credentialsSecret: "credentials-1",
  caConfigMap: "ca-1",
  role: undefined,
  asksCluster: false,
  isMonitored: false,
  environment: { SETTING: "value" },
};
export const deployment = (changes: Partial<DeploymentFacts> = {}): any =>
  deploymentManifest({ ...facts, ...changes });
export const maintenanceRoles = { MLFLOW_INSTANCE_RETENTION_ROLE: "cleaner" };
export const job: any = migrationJob({ ...facts, maintenanceRoles });
const schedule = { schedule: "17 2 * * *", timeZone: "Europe/Berlin" };
export const retention: any = maintenanceCronJob(retentionKind, { ...facts, ...schedule });
export const finalDump: any = finalDumpJob(facts);
export const staleRuns: any = maintenanceCronJob(staleRunsKind, { ...facts, ...schedule });
