import { rm } from "node:fs/promises";
import { join } from "node:path";
import { profileNetwork, profilePaths, type Profile } from "../paths.ts";
import { identityOf, type Answer } from "./https.ts";
import { ensureSecret, readSecret } from "./secretFiles.ts";
import { callSigned } from "./signedRequest.ts";
import { objectStoreEndpoint, objectStoreRegion, objectStoreRoot } from "./values.ts";

/** Credentials of one instance at the object store. */
export interface ObjectStoreUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const accessKeyId = (instance: string): string => `mlflow-${instance}`;
const secretPath = (profile: Profile, instance: string): string => join(profilePaths(profile).secrets, "objectstore-users", instance);

async function administer(profile: Profile, path: string, body: string): Promise<Answer> {
  const paths = profilePaths(profile);
  return callSigned(
    {
      method: "PATCH",
      url: `${objectStoreEndpoint(profileNetwork(profile))}${path}`,
      body,
      region: objectStoreRegion,
      accessKeyId: objectStoreRoot,
      secretAccessKey: await readSecret(paths.objectStoreRootKey),
    },
    await identityOf(paths.pki, "ca"),
  );
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * Makes the instance's user, or gives it the secret that is kept in the platform's files. A user may do nothing until a bucket's policy
 * names it: it can't make buckets and does not see those of others.
 */
export async function ensureObjectStoreUser(profile: Profile, instance: string): Promise<ObjectStoreUser> {
  const access = accessKeyId(instance);
  const secretAccessKey = await ensureSecret(secretPath(profile, instance));
  const created = await administer(
    profile,
    "/create-user",
    `<Account><Access>${escape(access)}</Access><Secret>${secretAccessKey}</Secret><Role>user</Role></Account>`,
  );
  if (created.status === 201) return { accessKeyId: access, secretAccessKey };
  if (!created.body.includes("XAdminUserExists")) throw failure("create", access, created);
  const updated = await administer(
    profile,
    `/update-user?access=${encodeURIComponent(access)}`,
    `<MutableProps><Secret>${secretAccessKey}</Secret></MutableProps>`,
  );
  if (updated.status >= 300) throw failure("update", access, updated);
  return { accessKeyId: access, secretAccessKey };
}

/** One after the other: the gateway keeps its users in one file. */
export async function ensureObjectStoreUsers(profile: Profile, instances: readonly string[]): Promise<Record<string, ObjectStoreUser>> {
  const users: Record<string, ObjectStoreUser> = {};
  for (const instance of instances) users[instance] = await ensureObjectStoreUser(profile, instance);
  return users;
}

/** Takes the instance's user and its key away; the next request with it is refused. */
export async function removeObjectStoreUser(profile: Profile, instance: string): Promise<void> {
  const access = accessKeyId(instance);
  const answer = await administer(profile, `/delete-user?access=${encodeURIComponent(access)}`, "");
  if (answer.status >= 300 && answer.status !== 404) throw failure("remove", access, answer);
  await rm(secretPath(profile, instance), { force: true });
}

// The answer holds an error code; a request's body, which has the secret, is never repeated.
const failure = (what: string, access: string, { status, body }: Answer): Error =>
  new Error(`The object store could not ${what} the user ${access}: ${status} ${/<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? ""}`);
