import { expect, test } from "vitest";
import { runServer } from "../../support/databaseServer.ts";

const tags = {
  "app.kubernetes.io/name": "postgresql",
  "app.kubernetes.io/component": "database-server",
  "app.kubernetes.io/part-of": "mlflow-instances",
  "app.kubernetes.io/managed-by": "pulumi",
  "mlflow-instances/environment": "dev",
  "mlflow-instances/tier": "standard",
  "mlflow-instances/owner": "platform@example.com",
};

// What no test here can prove: that the provider and RDS take it. The page docs/aws.md says what
// was not run.
test("a server is a subnet group, a security group with its openings, a parameter group, two log groups and an instance", async () => {
  const { registrations } = await runServer();
  const children = registrations
    .filter(({ custom }) => custom)
    .map(({ type, name, inputs }) => [type, name, inputs] as const);
  // Sorted: what does not wait for each other registers in any order.
  expect(children.sort(([, a], [, b]) => (a < b ? -1 : 1))).toEqual([
    [
      "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
      "mlflow-dev-from-sg-0c",
      {
        description: "PostgreSQL from sg-0c",
        securityGroupId: "mlflow-dev-security-group-id",
        referencedSecurityGroupId: "sg-0c",
        ipProtocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        tags,
      },
    ],
    [
      "aws:rds/parameterGroup:ParameterGroup",
      "mlflow-dev-parameters",
      {
        description: "Parameters of mlflow-dev",
        family: "postgres16",
        parameters: [
          { name: "rds.force_ssl", value: "1", applyMethod: "pending-reboot" },
          { name: "max_connections", value: "400", applyMethod: "pending-reboot" },
          { name: "log_min_error_statement", value: "fatal", applyMethod: "immediate" },
          { name: "temp_file_limit", value: "2097152", applyMethod: "immediate" },
          { name: "log_lock_waits", value: "1", applyMethod: "immediate" },
        ],
        tags,
      },
    ],
    [
      "aws:cloudwatch/logGroup:LogGroup",
      "mlflow-dev-postgresql-log",
      { name: "/aws/rds/instance/mlflow-dev/postgresql", retentionInDays: 30, tags },
    ],
    [
      "aws:ec2/securityGroup:SecurityGroup",
      "mlflow-dev-security-group",
      { description: "Who reaches mlflow-dev", vpcId: "vpc-0123456789abcdef0", egress: [], tags },
    ],
    [
      "aws:rds/instance:Instance",
      "mlflow-dev-server",
      {
        identifier: "mlflow-dev",
        engine: "postgres",
        engineVersion: "16",
        autoMinorVersionUpgrade: true,
        allowMajorVersionUpgrade: false,
        engineLifecycleSupport: "open-source-rds-extended-support",
        instanceClass: "db.t4g.medium",
        multiAz: false,
        allocatedStorage: 20,
        maxAllocatedStorage: 100,
        storageType: "gp3",
        storageEncrypted: true,
        port: 5432,
        dbSubnetGroupName: "mlflow-dev-subnets-0a1b2c3",
        vpcSecurityGroupIds: ["mlflow-dev-security-group-id"],
        parameterGroupName: "mlflow-dev-parameters-0a1b2c3",
        publiclyAccessible: false,
        caCertIdentifier: "rds-ca-rsa2048-g1",
        username: "mlflow_admin",
        manageMasterUserPassword: true,
        iamDatabaseAuthenticationEnabled: false,
        backupRetentionPeriod: 30,
        backupWindow: "00:00-00:30",
        maintenanceWindow: "sun:05:30-sun:06:30",
        applyImmediately: false,
        copyTagsToSnapshot: true,
        performanceInsightsEnabled: true,
        performanceInsightsRetentionPeriod: 7,
        enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
        deletionProtection: true,
        skipFinalSnapshot: false,
        finalSnapshotIdentifier: "mlflow-dev-final",
        deleteAutomatedBackups: false,
        tags,
      },
    ],
    [
      "aws:rds/subnetGroup:SubnetGroup",
      "mlflow-dev-subnets",
      { description: "Subnets of mlflow-dev", subnetIds: ["subnet-0a", "subnet-0b"], tags },
    ],
    [
      "aws:cloudwatch/logGroup:LogGroup",
      "mlflow-dev-upgrade-log",
      { name: "/aws/rds/instance/mlflow-dev/upgrade", retentionInDays: 30, tags },
    ],
  ]);
});
