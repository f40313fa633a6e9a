import * as pulumi from "@pulumi/pulumi";
import { Database } from "@pulumi/postgresql/database.js";
import { Grant } from "@pulumi/postgresql/grant.js";
import { Role } from "@pulumi/postgresql/role.js";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import type { DatabaseSettings } from "./mlflowInstanceArgs.ts";
import { backendUri } from "./internal/backendUri.ts";
import { logicalName } from "./internal/names.ts";
import { childOf, dataGuards } from "./internal/options.ts";

export interface BackendDatabaseArgs {
  instanceName: string;
  database: DatabaseSettings & Required<Pick<DatabaseSettings, "role" | "port" | "sslMode">>;
  connectionLimit: number;
  /** Path of the CA bundle inside the pods. */
  caFile: string;
  protect: boolean;
}

/** The instance's database and the only role that may connect to it. */
export class BackendDatabase extends pulumi.ComponentResource {
  /** Name of the database, known when it exists. */
  readonly databaseName: pulumi.Output<string>;
  /** Name of the role. */
  readonly role: pulumi.Output<string>;
  /** URI of the backend store with its password; a secret. */
  readonly uri: pulumi.Output<string>;
  /** What has to exist before the first connection. */
  readonly fences: pulumi.Resource[];

  constructor(name: string, args: BackendDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("components:index:BackendDatabase", name, {}, opts);
    const settings = args.database;
    // 32 of 62 characters are 190 bits; without special ones it needs no quotes anywhere.
    const password = new RandomPassword(logicalName(name, "databasePassword"), { length: 32, special: false }, childOf(this));
    const role = new Role(
      logicalName(name, "databaseRole"),
      {
        name: settings.role,
        login: true,
        password: password.result,
        // The server refuses what the arithmetic of the pools did not foresee, instead of starving other instances.
        connectionLimit: args.connectionLimit,
        superuser: false,
        createDatabase: false,
        createRole: false,
      },
      childOf(this, dataGuards(args.protect)),
    );
    const database = new Database(
      logicalName(name, "database"),
      {
        name: settings.name,
        owner: role.name,
        // template0 is the only template that takes an encoding and a collation other than the server's own; C.UTF-8 sorts the same on
        // every operating system, so an upgrade of its C library corrupts no index.
        template: "template0",
        encoding: "UTF8",
        lcCollate: "C.UTF-8",
        lcCtype: "C.UTF-8",
      },
      childOf(this, dataGuards(args.protect)),
    );
    // PostgreSQL lets every role connect to every database unless told otherwise; the owner keeps the right.
    const noPublic = new Grant(
      logicalName(name, "databaseNoPublic"),
      { database: database.name, role: "public", objectType: "database", privileges: [] },
      childOf(this),
    );

    this.databaseName = database.name;
    this.role = role.name;
    this.uri = pulumi.secret(
      pulumi.all([database.name, role.name, password.result]).apply(([databaseName, roleName, secretPassword]) =>
        backendUri({
          instanceName: args.instanceName,
          role: roleName,
          password: secretPassword,
          host: settings.host,
          port: settings.port,
          database: databaseName,
          sslMode: settings.sslMode,
          caFile: args.caFile,
        }),
      ),
    );
    this.fences = [noPublic];
    this.registerOutputs({ databaseName: this.databaseName, role: this.role });
  }
}
