// Who the credentials belong to, asked of STS.
import { UserError } from "../shared/provider.ts";
import { asText, isList } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import type { Connection } from "./connection.ts";
import { call } from "./serviceErrors.ts";

/** Answer of `aws.getCallerIdentity`. */
export async function callerIdentity(connection: Connection): Promise<Properties> {
  const { STSClient, GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  const client = new STSClient(connection.clientSettings("sts"));
  try {
    const service = { kind: "STS", where: connection.where("sts") };
    const who = await call(service, "can't ask whose credentials these are", () =>
      client.send(new GetCallerIdentityCommand({})),
    );
    return {
      accountId: who.Account ?? "",
      arn: who.Arn ?? "",
      id: who.Account ?? "",
      userId: who.UserId ?? "",
    };
  } finally {
    client.destroy();
  }
}

/** Refuses the credentials of any account but those that the program allows. */
export async function checkAccount(connection: Connection): Promise<void> {
  const list = connection.settings.json("allowedAccountIds");
  const allowed = isList(list) ? list.map(asText) : [];
  if (allowed.length === 0) return;
  const { accountId } = await callerIdentity(connection);
  if (!allowed.includes(asText(accountId))) {
    throw new UserError(
      `aws provider: the credentials belong to account ${asText(accountId)}, allowed is ${allowed.join(", ")}`,
    );
  }
}
