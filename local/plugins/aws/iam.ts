import type * as Sdk from "@aws-sdk/client-iam";
import type { Connection, Service } from "./connection.ts";

export interface Iam extends Service {
  client: Sdk.IAMClient;
  /** The SDK's commands. */
  sdk: typeof Sdk;
}

/**
 * A client of IAM, made when the first role needs it: a platform without roles doesn't load its
 * SDK.
 */
export function iam(connection: Connection): () => Promise<Iam> {
  let made: Promise<Iam> | undefined;
  return () =>
    (made ??= import("@aws-sdk/client-iam").then((sdk) => ({
      client: new sdk.IAMClient(connection.clientSettings("iam")),
      sdk,
      kind: "IAM",
      where: connection.where("iam"),
    })));
}
