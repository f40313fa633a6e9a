import * as pulumi from "@pulumi/pulumi";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { Instance } from "@pulumi/aws/rds/instance.js";
import { ParameterGroup } from "@pulumi/aws/rds/parameterGroup.js";
import { SubnetGroup } from "@pulumi/aws/rds/subnetGroup.js";
import { getSecretVersionOutput } from "@pulumi/aws/secretsmanager/getSecretVersion.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import type { DatabaseServerArgs } from "./databaseServerArgs.ts";
import { mostConnectionsOf } from "./internal/databaseServerClasses.ts";
import { parameterFamily, parameters } from "./internal/databaseServerParameters.ts";
import { masterSecretOf, passwordOf } from "./internal/databaseServerSecret.ts";
import {
  clientLogicalName,
  databaseServerPort,
  databaseServerTags,
  logGroupLogicalName,
  namedServerArgs,
  resolveDatabaseServer,
  serverLogicalName,
} from "./internal/databaseServerSettings.ts";
import { databaseServerProblems } from "./internal/databaseServerValidation.ts";
import { guarded } from "./internal/guardedIds.ts";
import { idRules } from "./internal/idRules.ts";
import { plain } from "./internal/problems.ts";
import { throwProblems } from "./internal/throwProblems.ts";
import { formerTypes, types } from "./internal/types.ts";
import { childOf, dataGuards } from "./internal/options.ts";
import { requireAwsProvider } from "./internal/requiredProviders.ts";

/** Logs of PostgreSQL that RDS sends to CloudWatch. */
const logs = ["postgresql", "upgrade"];

/**
 * The PostgreSQL server of an environment on Amazon RDS, which its instances share: private,
 * encrypted, with backups, reached by TLS from the given clients only. Needs an explicit provider
 * for aws in the option `providers`.
 */
export class DatabaseServer extends pulumi.ComponentResource {
  /** Host name of the server; it stays the same when a standby takes over. */
  readonly host: pulumi.Output<string>;
  /** Port of the server. */
  readonly port: number;
  /** Name of the master user, who is no superuser. */
  readonly adminUser: string;
  /**
   * Current password of the master user, read from the secret that RDS manages and rotates; a
   * secret.
   */
  readonly adminPassword: pulumi.Output<string>;
  /** `max_connections` of the server. */
  readonly maxConnections: number;
  /** Identifier of the server in RDS. */
  readonly identifier: string;

  constructor(name: string, args: DatabaseServerArgs, opts: pulumi.ComponentResourceOptions = {}) {
    // Before the component registers: nothing may change when an argument is wrong.
    requireAwsProvider(name, opts);
    const named = namedServerArgs(pulumi.getStack(), args);
    throwProblems(`Database server "${name}"`, databaseServerProblems(name, named));
    super(
      types.databaseServer,
      name,
      {},
      pulumi.mergeOptions(opts, { aliases: [{ type: formerTypes.databaseServer }] }),
    );

    const settings = resolveDatabaseServer(name, named);
    const tags = databaseServerTags(named);
    if (mostConnectionsOf(args.instanceClass) === undefined)
      void pulumi.log.warn(
        `instanceClass: the memory of ${args.instanceClass} is not known here, so it was not checked that ${args.maxConnections} connections fit it`,
        this,
      );

    const subnetGroup = new SubnetGroup(
      serverLogicalName(name, "subnetGroup"),
      { description: `Subnets of ${settings.identifier}`, subnetIds: args.subnetIds, tags },
      childOf(this),
    );
    const securityGroup = new SecurityGroup(
      serverLogicalName(name, "securityGroup"),
      {
        description: `Who reaches ${settings.identifier}`,
        vpcId: args.vpcId,
        // The server opens no connection of its own. Said in words, because AWS gives a new group a
        // rule that lets everything out.
        egress: [],
        tags,
      },
      childOf(this),
    );
    const ingress = (
      client: string,
      source:
        | { referencedSecurityGroupId: pulumi.Input<string> }
        | { cidrIpv4: pulumi.Input<string> }
        | { cidrIpv6: pulumi.Input<string> },
    ) =>
      new SecurityGroupIngressRule(
        clientLogicalName(name, client),
        {
          description: `PostgreSQL from ${client}`,
          securityGroupId: securityGroup.id,
          ...source,
          ipProtocol: "tcp",
          fromPort: databaseServerPort,
          toPort: databaseServerPort,
          tags,
        },
        childOf(this),
      );
    const openings = [
      ...settings.clientSecurityGroupIds.map((id, index) =>
        ingress(plain(id) ?? `security-group-${index}`, {
          referencedSecurityGroupId: guarded(
            `clientSecurityGroupIds[${index}]`,
            id,
            idRules.securityGroup,
          ),
        }),
      ),
      ...settings.clientCidrs.map((cidr, index) =>
        plain(cidr)?.includes(":")
          ? ingress(plain(cidr)!, { cidrIpv6: cidr })
          : ingress(plain(cidr) ?? `cidr-${index}`, {
              cidrIpv4: guarded(`clientCidrs[${index}]`, cidr, idRules.clientCidr),
            }),
      ),
    ];
    const parameterGroup = new ParameterGroup(
      serverLogicalName(name, "parameterGroup"),
      {
        description: `Parameters of ${settings.identifier}`,
        // No name: a new major version needs a group of another family while the old one is still
        // in use.
        family: parameterFamily(args.engineVersion),
        parameters: parameters(args.maxConnections),
        tags,
      },
      childOf(this),
    );
    const logGroups = logs.map(
      (log) =>
        new LogGroup(
          logGroupLogicalName(name, log),
          // RDS would make it by itself, and keep it for ever.
          {
            name: `/aws/rds/instance/${settings.identifier}/${log}`,
            retentionInDays: settings.logRetentionDays,
            tags,
          },
          childOf(this),
        ),
    );
    const key = guarded("kmsKeyArn", args.kmsKeyArn, idRules.kmsKeyArn);
    const server = new Instance(
      serverLogicalName(name, "server"),
      {
        identifier: settings.identifier,
        engine: "postgres",
        engineVersion: args.engineVersion,
        autoMinorVersionUpgrade: true,
        allowMajorVersionUpgrade: args.allowMajorVersionUpgrade ?? false,
        // The other choice upgrades the major version by itself when its standard support ends;
        // this one costs extra from then on.
        engineLifecycleSupport: "open-source-rds-extended-support",
        instanceClass: args.instanceClass,
        multiAz: settings.multiAz,
        allocatedStorage: settings.storage,
        maxAllocatedStorage: settings.maxStorage,
        storageType: "gp3",
        storageEncrypted: true,
        ...(key === undefined
          ? {}
          : { kmsKeyId: key, masterUserSecretKmsKeyId: key, performanceInsightsKmsKeyId: key }),
        port: databaseServerPort,
        dbSubnetGroupName: subnetGroup.name,
        vpcSecurityGroupIds: [securityGroup.id],
        parameterGroupName: parameterGroup.name,
        publiclyAccessible: false,
        // Valid until 2061, and signed by an authority of the region that the bundle of RDS has.
        caCertIdentifier: "rds-ca-rsa2048-g1",
        username: settings.adminUser,
        manageMasterUserPassword: true,
        // Instances log in with their own roles and passwords; a token of IAM lives for 15 minutes,
        // and pools keep connections for longer.
        iamDatabaseAuthenticationEnabled: false,
        backupRetentionPeriod: settings.backupRetentionDays,
        backupWindow: settings.backupWindow,
        maintenanceWindow: settings.maintenanceWindow,
        applyImmediately: args.applyImmediately ?? false,
        copyTagsToSnapshot: true,
        performanceInsightsEnabled: true,
        // The days that cost nothing.
        performanceInsightsRetentionPeriod: 7,
        enabledCloudwatchLogsExports: logs,
        ...(args.snapshotIdentifier === undefined
          ? {}
          : { snapshotIdentifier: args.snapshotIdentifier }),
        deletionProtection: settings.protect,
        skipFinalSnapshot: !settings.finalSnapshot,
        ...(settings.finalSnapshot
          ? { finalSnapshotIdentifier: settings.finalSnapshotIdentifier }
          : {}),
        deleteAutomatedBackups: !settings.finalSnapshot,
        tags,
      },
      childOf(this, dataGuards(settings.protect), {
        // Who waits for the server may connect to it, and its logs don't come before their groups.
        dependsOn: [...openings, ...logGroups],
        // What it was made from is history: another value would replace the server, and its data.
        ignoreChanges: ["snapshotIdentifier"],
      }),
    );

    const secret = getSecretVersionOutput(
      { secretId: server.masterUserSecrets.apply(masterSecretOf) },
      { parent: this },
    );
    this.host = server.address;
    this.port = databaseServerPort;
    this.adminUser = settings.adminUser;
    this.adminPassword = pulumi.secret(secret.secretString.apply(passwordOf));
    this.maxConnections = args.maxConnections;
    this.identifier = settings.identifier;
    this.registerOutputs({
      host: this.host,
      port: this.port,
      adminUser: this.adminUser,
      maxConnections: this.maxConnections,
      identifier: this.identifier,
    });
  }
}
