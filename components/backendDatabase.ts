import * as pulumi from "@pulumi/pulumi";
import { Database } from "@pulumi/postgresql/database.js";
import { Grant } from "@pulumi/postgresql/grant.js";
import { Role } from "@pulumi/postgresql/role.js";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { backendUri } from "./internal/backendUri.ts";
import { logicalName, maintenanceRoleNames, type Noun } from "./internal/names.ts";
import { childrenOf, dataGuards } from "./internal/options.ts";
import { maintenanceConnections } from "./internal/poolSize.ts";
import type { DatabaseFacts } from "./internal/storeFacts.ts";
import { roleTimeLimits, type RoleTimeLimits } from "./internal/roleTimeLimits.ts";

export interface BackendDatabaseArgs {
  instanceName: string;
  database: DatabaseFacts;
  connectionLimit: number;
  /** Path of the CA bundle inside the pods. */
  caFile: string;
  protect: boolean;
  /** The last dump is being written: only the owner, who writes it, may log in. */
  preparingDeletion: boolean;
}

/** A way into the database. */
interface Login {
  role: Role;
  password: pulumi.Output<string>;
}

/** How a maintenance job gets into the database. */
export interface MaintenanceLogin {
  /** Name of its role. */
  role: pulumi.Output<string>;
  /** URI of the backend store with the role's password; a secret. */
  uri: pulumi.Output<string>;
}

/**
 * The instance's database, the role that owns it, and those of the maintenance jobs; no other may
 * connect.
 */
export class BackendDatabase {
  /** Name of the database, known when it exists. */
  readonly databaseName: pulumi.Output<string>;
  /** Name of the role that owns it. */
  readonly role: pulumi.Output<string>;
  /** URI of the backend store with its password; a secret. */
  readonly uri: pulumi.Output<string>;
  /** Login of the retention job. */
  readonly retention: MaintenanceLogin;
  /** Login of the job that ends stale runs. */
  readonly staleRuns: MaintenanceLogin;
  /** What has to exist before the first connection. */
  readonly fences: pulumi.Resource[];

  constructor(name: string, args: BackendDatabaseArgs, instance: pulumi.Resource) {
    const child = childrenOf(instance, "BackendDatabase");
    const settings = args.database;
    const login = (
      passwordNoun: Noun,
      roleNoun: Noun,
      roleName: string,
      connectionLimit: number,
      mayLogIn: boolean,
      timeLimits: RoleTimeLimits,
    ): Login => {
      // 32 of 62 characters are 190 bits; without special ones it needs no quotes anywhere.
      const password = new RandomPassword(
        logicalName(name, passwordNoun),
        { length: 32, special: false },
        child(),
      );
      const role = new Role(
        logicalName(name, roleNoun),
        {
          name: roleName,
          login: mayLogIn,
          password: password.result,
          // The server refuses what the arithmetic of the pools did not foresee, instead of
          // starving other instances.
          connectionLimit,
          ...timeLimits,
          superuser: false,
          createDatabase: false,
          createRole: false,
        },
        child(dataGuards(args.protect)),
      );
      return { role, password: password.result };
    };
    const names = maintenanceRoleNames(settings.name);
    const owner = login(
      "databasePassword",
      "databaseRole",
      settings.role,
      args.connectionLimit,
      true,
      roleTimeLimits.server,
    );
    // The CronJobs go after everything else was done; one that starts until then must not change
    // what the dump has read.
    const maintained = !args.preparingDeletion;
    const retention = login(
      "retentionPassword",
      "retentionRole",
      names.retention,
      maintenanceConnections.retention,
      maintained,
      roleTimeLimits.retention,
    );
    const staleRuns = login(
      "staleRunsPassword",
      "staleRunsRole",
      names.staleRuns,
      maintenanceConnections.staleRuns,
      maintained,
      roleTimeLimits.staleRuns,
    );
    const database = new Database(
      logicalName(name, "database"),
      {
        name: settings.name,
        owner: owner.role.name,
        // template0 is the only template that takes an encoding and a collation other than the
        // server's own; C and C.UTF-8 sort the same on every operating system, so an upgrade of its
        // C library corrupts no index.
        template: "template0",
        encoding: "UTF8",
        lcCollate: settings.characterType === "C.UTF-8" ? "C.UTF-8" : "C",
        lcCtype: settings.characterType,
      },
      // It goes before the maintenance roles: as long as its tables grant them anything, PostgreSQL
      // drops no role.
      child(dataGuards(args.protect), { dependsOn: [retention.role, staleRuns.role] }),
    );
    const grant = (
      noun: Noun,
      role: pulumi.Input<string>,
      privileges: string[],
      after: pulumi.Resource[],
    ): Grant =>
      new Grant(
        logicalName(name, noun),
        { database: database.name, role, objectType: "database", privileges },
        child({ dependsOn: after }),
      );
    // PostgreSQL lets every role connect to every database unless told otherwise; the owner keeps
    // the right.
    const noPublic = grant("databaseNoPublic", "public", [], []);
    // One after the other: all three change the same row of the catalog, which PostgreSQL refuses
    // to two at once. What the roles may do with the tables is told by the migration, which knows
    // them.
    const retentionConnect = grant(
      "retentionConnect",
      retention.role.name,
      ["CONNECT"],
      [noPublic],
    );
    const staleRunsConnect = grant(
      "staleRunsConnect",
      staleRuns.role.name,
      ["CONNECT"],
      [retentionConnect],
    );

    const uri = ({ role, password }: Login, applicationName: string): pulumi.Output<string> =>
      pulumi.secret(
        pulumi
          .all([database.name, role.name, password, settings.host])
          .apply(([databaseName, roleName, secretPassword, host]) =>
            backendUri({
              applicationName,
              role: roleName,
              password: secretPassword,
              host,
              port: settings.port,
              database: databaseName,
              sslMode: settings.sslMode,
              caFile: args.caFile,
            }),
          ),
      );
    this.databaseName = database.name;
    this.role = owner.role.name;
    this.uri = uri(owner, `mlflow-${args.instanceName}`);
    this.retention = {
      role: retention.role.name,
      uri: uri(retention, `mlflow-${args.instanceName}-retention`),
    };
    this.staleRuns = {
      role: staleRuns.role.name,
      uri: uri(staleRuns, `mlflow-${args.instanceName}-stale-runs`),
    };
    this.fences = [noPublic, retentionConnect, staleRunsConnect];
  }
}
