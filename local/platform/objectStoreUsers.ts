import { rm } from "node:fs/promises";
import { join } from "node:path";
import { profileNetwork, profilePaths, type Profile } from "../paths.ts";
import { identityOf, type Answer } from "./https.ts";
import { ensureSecret, readSecret } from "./secretFiles.ts";
import { callSigned } from "./signedRequest.ts";
import { objectStoreEndpoint, objectStoreRegion, objectStoreRoot } from "./values.ts";

/** An object store that is administered here: an S3 gateway of versitygw with its own users. */
export interface AdministeredStore {
  readonly endpoint: string;
  /** The file that keeps the secret of the gateway's root account. */
  readonly rootKeyFile: string;
  /** Folder of the authority that signed the gateway's certificate. */
  readonly pki: string;
  /** Folder that keeps the users' secrets. */
  readonly secrets: string;
}

function storeOf(profile: Profile): AdministeredStore {
  const { objectStoreRootKey: rootKeyFile, pki, secrets } = profilePaths(profile);
  return { endpoint: objectStoreEndpoint(profileNetwork(profile)), rootKeyFile, pki, secrets };
}

/** Credentials of a user of the object store. */
export interface ObjectStoreUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * The users of one instance: its own, and that of its maintenance jobs, which may remove what it
 * can't read.
 */
export interface InstanceUsers extends ObjectStoreUser {
  readonly maintenance: ObjectStoreUser;
}

interface User {
  readonly accessKeyId: string;
  /** The file that keeps its secret. */
  readonly secretFile: string;
}

/** No instance's name makes one user's id that of another: the second one's begins differently. */
function usersOf(
  { secrets }: AdministeredStore,
  instance: string,
): { own: User; maintenance: User } {
  return {
    own: {
      accessKeyId: `mlflow-${instance}`,
      secretFile: join(secrets, "objectstore-users", instance),
    },
    maintenance: {
      accessKeyId: `maintenance-${instance}`,
      secretFile: join(secrets, "objectstore-maintenance-users", instance),
    },
  };
}

async function administer(store: AdministeredStore, path: string, body: string): Promise<Answer> {
  return callSigned(
    {
      method: "PATCH",
      url: `${store.endpoint}${path}`,
      body,
      region: objectStoreRegion,
      accessKeyId: objectStoreRoot,
      secretAccessKey: await readSecret(store.rootKeyFile),
    },
    await identityOf(store.pki, "ca"),
  );
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/**
 * Makes a user, or gives it the secret that is kept in the platform's files. A user may do nothing
 * until a bucket's policy names it: it can't make buckets and does not see those of others.
 */
async function ensureUser(
  store: AdministeredStore,
  { accessKeyId, secretFile }: User,
): Promise<ObjectStoreUser> {
  const secretAccessKey = await ensureSecret(secretFile);
  const created = await administer(
    store,
    "/create-user",
    `<Account><Access>${escape(accessKeyId)}</Access><Secret>${secretAccessKey}</Secret><Role>user</Role></Account>`,
  );
  if (created.status === 201) return { accessKeyId, secretAccessKey };
  if (!created.body.includes("XAdminUserExists")) throw failure("create", accessKeyId, created);
  const updated = await administer(
    store,
    `/update-user?access=${encodeURIComponent(accessKeyId)}`,
    `<MutableProps><Secret>${secretAccessKey}</Secret></MutableProps>`,
  );
  if (updated.status >= 300) throw failure("update", accessKeyId, updated);
  return { accessKeyId, secretAccessKey };
}

export const ensureObjectStoreUsers = (
  profile: Profile,
  instances: readonly string[],
): Promise<Record<string, InstanceUsers>> => ensureUsersIn(storeOf(profile), instances);

/** One after the other: the gateway keeps its users in one file. */
export async function ensureUsersIn(
  store: AdministeredStore,
  instances: readonly string[],
): Promise<Record<string, InstanceUsers>> {
  const all: Record<string, InstanceUsers> = {};
  for (const instance of instances) {
    const { own, maintenance } = usersOf(store, instance);
    all[instance] = {
      ...(await ensureUser(store, own)),
      maintenance: await ensureUser(store, maintenance),
    };
  }
  return all;
}

/** Takes the instance's users and their keys away; the next request with one is refused. */
export async function removeObjectStoreUsers(profile: Profile, instance: string): Promise<void> {
  const store = storeOf(profile);
  for (const { accessKeyId, secretFile } of Object.values(usersOf(store, instance))) {
    const answer = await administer(
      store,
      `/delete-user?access=${encodeURIComponent(accessKeyId)}`,
      "",
    );
    if (answer.status >= 300 && answer.status !== 404) throw failure("remove", accessKeyId, answer);
    await rm(secretFile, { force: true });
  }
}

// The answer holds an error code; a request's body, which has the secret, is never repeated.
const failure = (what: string, access: string, { status, body }: Answer): Error =>
  new Error(
    `The object store could not ${what} the user ${access}: ${status} ${/<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? ""}`,
  );
