import * as pulumi from "@pulumi/pulumi";
import { AccessTokens, type IssuedToken } from "./accessTokens.ts";
import { ArtifactBucket } from "./artifactBucket.ts";
import { BackendDatabase } from "./backendDatabase.ts";
import { FinalDump } from "./finalDump.ts";
import { Maintenance } from "./maintenance.ts";
import { InstanceRoles } from "./instanceRoles.ts";
import { IsolatedNamespace } from "./isolatedNamespace.ts";
import { SecureIngress } from "./secureIngress.ts";
import { TrackingServer } from "./trackingServer.ts";
import type { MlflowInstanceArgs } from "./mlflowInstanceArgs.ts";
import { controllerLabels, drainSeconds } from "./internal/ingressManifest.ts";
import { issuerOpenings } from "./internal/issuerAccess.ts";
import { jobEnvironment, maintenanceEnvironment } from "./internal/maintenanceEnvironment.ts";
import { caFile } from "./internal/podParts.ts";
import { usersOf } from "./internal/credentialsSecret.ts";
import { guardedArgs } from "./internal/guardedIds.ts";
import { namedArgs } from "./internal/namedArgs.ts";
import { namespaceName } from "./internal/names.ts";
import { poolFor } from "./internal/poolSize.ts";
import { requireProviders } from "./internal/requiredProviders.ts";
import { resolveInstance } from "./internal/resolvedInstance.ts";
import { artifactPrefix, serverEnvironment } from "./internal/serverEnvironment.ts";
import { keepAliveSeconds } from "./internal/timeouts.ts";
import { formerTypes, types } from "./internal/types.ts";
import { bucketFacts, databaseFacts } from "./internal/storeFacts.ts";
import { throwProblems } from "./internal/throwProblems.ts";
import { problemsOf } from "./internal/validation.ts";
import { asksCluster, issuersOf } from "./internal/workloadsFile.ts";

/**
 * One MLflow instance: artifact bucket, database, tracking server, ingress with TLS, access tokens
 * and maintenance jobs, in a namespace of its own. Needs explicit providers for kubernetes, aws,
 * postgresql and random in the option `providers`.
 */
export class MlflowInstance extends pulumi.ComponentResource {
  /** URL for browsers and clients (`MLFLOW_TRACKING_URI`). */
  readonly trackingUri: pulumi.Output<string>;
  /** URL inside the cluster; only pods that the network policies admit reach it. */
  readonly clusterUri: pulumi.Output<string>;
  /** Host name of the URL. */
  readonly host: pulumi.Output<string>;
  /** Kubernetes namespace of the instance. */
  readonly namespace: pulumi.Output<string>;
  /** Name of the artifact bucket. */
  readonly bucketName: pulumi.Output<string>;
  /** Where in the object store artifacts lie, `s3://…`. */
  readonly bucketUri: pulumi.Output<string>;
  /** Name of the database. */
  readonly databaseName: pulumi.Output<string>;
  /** Name of the database's role. */
  readonly databaseRole: pulumi.Output<string>;
  /** MLflow version that runs. */
  readonly mlflowVersion: pulumi.Output<string>;
  /** Grace between a soft delete and the final removal, such as `30d`. */
  readonly deletedExperimentRetention: pulumi.Output<string>;
  /**
   * When what was deleted longer ago than that is removed, a schedule of Kubernetes with its time
   * zone.
   */
  readonly retentionSchedule: pulumi.Output<string>;
  /** When stale runs are looked for, a schedule of Kubernetes with its time zone. */
  readonly staleRunsSchedule: pulumi.Output<string>;
  /**
   * `none`, or `prepared` once the last dump of an instance with `prepareDeletion` is written: only
   * then may it leave the program.
   */
  readonly deletion: pulumi.Output<string>;
  /** The access tokens by name; the values are secrets. */
  readonly tokens: Record<string, IssuedToken>;

  constructor(name: string, args: MlflowInstanceArgs, opts: pulumi.ComponentResourceOptions = {}) {
    // Before the component registers: nothing may change when an argument is wrong.
    requireProviders(name, opts);
    const given = namedArgs(name, pulumi.getStack(), args);
    throwProblems(`MLflow instance "${name}"`, problemsOf(given));
    // No inputs go to the engine: they would lie in the state, secrets among them in plain.
    super(
      types.instance,
      name,
      {},
      pulumi.mergeOptions(opts, { aliases: [{ type: formerTypes.instance }] }),
    );

    const named = guardedArgs(given);
    const settings = resolveInstance(named);
    const { platform } = named;
    const { ingress, podIdentity } = platform;
    const { instanceName, prepareDeletion: preparingDeletion } = settings;
    const bucketSettings = bucketFacts(named, settings, opts.protect === true);
    const databaseSettings = databaseFacts(named, settings);
    const pool = poolFor({ ...settings, ...settings.database });
    if ("reason" in pool) throw new Error(pool.reason);
    const caGiven = platform.caBundle !== undefined;
    const issuers = issuersOf(settings.workloads, platform.issuers ?? []);

    const isolation = new IsolatedNamespace(
      name,
      {
        identity: settings,
        facts: {
          mlflowVersion: settings.mlflowVersion,
          deletedExperimentRetention: settings.deletedExperimentRetention,
          traceRetention: settings.traceRetention,
          databaseServerConnections: settings.database.maxConnections,
          preparingDeletion,
        },
        labels: controllerLabels(ingress),
        replicas: settings.replicas,
        imagePullSecret: platform.imagePullSecret,
        network: {
          network: platform.network,
          database: databaseSettings,
          objectStoreEndpoint: platform.objectStore.endpoint,
          issuers: issuerOpenings(issuers),
          monitoring: platform.monitoring,
          podIdentity: podIdentity?.method,
        },
      },
      this,
    );
    const imagePullSecrets = [
      ...(isolation.pullSecret === undefined ? [] : [isolation.pullSecret]),
      ...(platform.imagePullSecrets ?? []),
    ];
    const roles =
      podIdentity === undefined
        ? undefined
        : new InstanceRoles(
            name,
            {
              identity: settings,
              podIdentity,
              bucket: bucketSettings,
              preparingDeletion,
            },
            this,
          );
    const usesRole = roles !== undefined;
    const bucket = new ArtifactBucket(
      name,
      {
        identity: settings,
        bucket: bucketSettings,
        principals:
          roles === undefined
            ? { ...usersOf(args), areRoles: false }
            : { instance: roles.server.arn, maintenance: roles.maintenance.arn, areRoles: true },
        protect: settings.protect,
        preparingDeletion,
      },
      this,
    );
    const database = new BackendDatabase(
      name,
      {
        instanceName,
        database: databaseSettings,
        connectionLimit: pool.connectionLimit,
        caFile: caFile(caGiven),
        protect: settings.protect,
        preparingDeletion,
      },
      this,
    );
    const tokens = new AccessTokens(
      name,
      {
        identity: settings,
        namespace: isolation.namespace,
        tokens: settings.tokens,
        workloads: settings.workloads,
        issuers,
        trackingUri: `https://${settings.host}`,
      },
      this,
    );
    const server = new TrackingServer(
      name,
      {
        identity: settings,
        namespace: isolation.namespace,
        image: platform.image,
        imagePullSecrets,
        settings,
        drainSeconds: drainSeconds(ingress),
        backendUri: database.uri,
        bucketCredentials: args.bucketCredentials,
        role: roles?.server,
        caBundle: platform.caBundle,
        maintenanceRoles: {
          MLFLOW_INSTANCE_RETENTION_ROLE: database.retention.role,
          MLFLOW_INSTANCE_STALE_RUNS_ROLE: database.staleRuns.role,
        },
        monitoring: platform.monitoring,
        asksCluster: asksCluster(issuers),
        environment: serverEnvironment({
          ...settings,
          namespace: namespaceName(instanceName),
          pool,
          isMonitored: platform.monitoring !== undefined,
          network: platform.network,
          bucket: bucketSettings,
          usesRole,
          caGiven,
          keepAliveSeconds: keepAliveSeconds(ingress, settings.temporaryStorage),
        }),
        beforeMigration: [...isolation.fences, ...database.fences, ...(roles?.fences ?? [])],
        beforeServer: [...bucket.fences, ...tokens.fences],
      },
      this,
    );
    const job = {
      identity: settings,
      namespace: isolation.namespace,
      image: platform.image,
      imagePullSecrets,
      mlflowVersion: settings.mlflowVersion,
      caConfigMap: server.caConfigMap,
    };
    const jobFacts = {
      instanceName,
      artifactsAccess: settings.artifactsAccess,
      bucket: bucketSettings,
      usesRole,
      caGiven,
    };
    if (preparingDeletion) {
      const dump = new FinalDump(
        name,
        {
          ...job,
          role: roles?.server,
          credentialsSecret: server.credentialsSecret,
          environment: jobEnvironment(jobFacts),
          after: [
            ...isolation.fences,
            ...(roles?.fences ?? []),
            ...bucket.fences,
            ...database.fences,
            ...server.rolledOut,
          ],
        },
        this,
      );
      // Said by the Job's end and not by the argument: a stack stores its outputs also when an
      // update fails.
      this.deletion = dump.written.apply(() => "prepared");
    } else {
      this.deletion = pulumi.output("none");
      new Maintenance(
        name,
        {
          ...job,
          schedules: settings.maintenance,
          backendUris: { retention: database.retention.uri, staleRuns: database.staleRuns.uri },
          bucketCredentials: args.maintenanceCredentials ?? args.bucketCredentials,
          role: roles?.maintenance,
          environment: maintenanceEnvironment({
            ...jobFacts,
            deletedExperimentRetention: settings.deletedExperimentRetention,
            traceRetention: settings.traceRetention,
            staleRuns: settings.staleRuns,
          }),
          after: [...server.migrated, ...bucket.fences],
        },
        this,
      );
      new SecureIngress(
        name,
        {
          identity: settings,
          namespace: isolation.namespace,
          host: settings.host,
          ingress,
          temporaryStorage: settings.temporaryStorage,
        },
        this,
      );
    }

    this.trackingUri = pulumi.output(`https://${settings.host}`);
    this.clusterUri = pulumi.interpolate`http://${server.serviceName}.${isolation.namespace}.svc`;
    this.host = pulumi.output(settings.host);
    this.namespace = isolation.namespace;
    this.bucketName = bucket.bucketName;
    this.bucketUri = pulumi.interpolate`s3://${bucket.bucketName}/${artifactPrefix}`;
    this.databaseName = database.databaseName;
    this.databaseRole = database.role;
    this.mlflowVersion = pulumi.output(settings.mlflowVersion);
    this.deletedExperimentRetention = pulumi.output(settings.deletedExperimentRetention);
    this.retentionSchedule = pulumi.output(
      `${settings.maintenance.retentionSchedule} ${settings.maintenance.timeZone}`,
    );
    this.staleRunsSchedule = pulumi.output(
      `${settings.maintenance.staleRunsSchedule} ${settings.maintenance.timeZone}`,
    );
    this.tokens = tokens.tokens;
    this.registerOutputs({
      trackingUri: this.trackingUri,
      clusterUri: this.clusterUri,
      host: this.host,
      namespace: this.namespace,
      bucketName: this.bucketName,
      bucketUri: this.bucketUri,
      databaseName: this.databaseName,
      databaseRole: this.databaseRole,
      mlflowVersion: this.mlflowVersion,
      deletedExperimentRetention: this.deletedExperimentRetention,
      retentionSchedule: this.retentionSchedule,
      staleRunsSchedule: this.staleRunsSchedule,
      deletion: this.deletion,
      tokens: this.tokens,
    });
  }
}
