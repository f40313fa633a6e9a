import { Provider } from "@pulumi/postgresql/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import { factsOf, type Platform } from "../platforms/index.ts";
import { caFileOf } from "../environment/caFile.ts";

/** A PostgreSQL server and its administrator. */
export interface Server {
  readonly host: pulumi.Input<string>;
  readonly port: number;
  readonly adminUser: pulumi.Input<string>;
  readonly adminPassword: pulumi.Input<string>;
  readonly sslMode: string;
  readonly superuser: boolean;
}

export const postgresqlProvider = (platform: Platform, server: Server): Provider =>
  new Provider("postgresql", {
    host: server.host,
    port: server.port,
    username: server.adminUser,
    password: server.adminPassword,
    database: "postgres",
    sslmode: server.sslMode,
    superuser: server.superuser,
    connectTimeout: 15,
    ...caFileOf("sslrootcert", factsOf(platform).databaseAuthorities()),
  });
