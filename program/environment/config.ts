import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Environment, RawConfig } from "./environment.ts";
import type { KeyPair, StoreKey } from "../platforms/given.ts";
import { factsOf } from "../platforms/index.ts";
import type { SecretKey } from "../values/secretKeys.ts";
import { asObject, parseObject, project } from "./stackFile.ts";

// Exported by the SDK but not declared in its types. `Config.get` of a secret only warns, so
// without it a plain password would pass.
const { isConfigSecret } = pulumi.runtime as unknown as {
  isConfigSecret: (key: string) => boolean;
};

/** This project's config of the current stack; the values of secrets stay out of it. */
export function readConfig(): RawConfig {
  const keys = new Map<string, { secret: boolean; plain?: string }>();
  for (const [fullKey, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!fullKey.startsWith(`${project}:`)) continue;
    const secret = isConfigSecret(fullKey);
    keys.set(fullKey.slice(project.length + 1), secret ? { secret } : { secret, plain: value });
  }
  return { stack: pulumi.getStack(), keys };
}

/** A secret of the stack's config; it was checked to be there. */
export const secret = (key: SecretKey): pulumi.Output<string> =>
  new pulumi.Config(project).requireSecret(key);

/** A secret that an environment may have. */
export const optionalSecret = (key: SecretKey): pulumi.Output<string> | undefined =>
  new pulumi.Config(project).getSecret(key);

/**
 * Its text, for a login of this very program: never part of a resource's arguments, which take
 * `secret`, nor of a message.
 */
export const secretText = (key: SecretKey): string | undefined =>
  pulumi.runtime.getConfig(`${project}:${key}`);

const pairSchema = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  principal: z.string().min(1).optional(),
});
const formerSchema = z.array(z.string().min(1)).optional();

const flawOf = ({ issues }: z.ZodError): string =>
  issues.some(({ path }) => path[0] !== "principal")
    ? "has no accessKeyId or no secretAccessKey in"
    : "has an empty principal in";

// Previews come and go, users of a store without an IAM don't: one user is there for all of them.
const forPreviews = "preview";

/**
 * Reads each instance's key; an instance without one is a problem (the value of no key is ever part
 * of it). In a review environment the entry `preview` stands in.
 */
export function readStoreKeys(
  config: RawConfig,
  names: readonly string[],
  fileOf: (name: string) => string,
  environment: Environment | undefined,
): { keys: ReadonlyMap<string, StoreKey>; errors: string[] } {
  // Instances on AWS have roles. Not set at all, or in plain text: said by the check of the
  // environment already.
  if (
    (environment !== undefined && factsOf(environment.platform).hasRoles) ||
    config.keys.get("artifactStoreKeys")?.secret !== true
  )
    return { keys: new Map(), errors: [] };
  // Looked at in plain here, because which keys are there decides whether the program may begin.
  const parsed = parseObject(pulumi.runtime.getConfig(`${project}:artifactStoreKeys`));
  if (parsed === undefined)
    return {
      keys: new Map(),
      errors: [
        `${project}:artifactStoreKeys: is not a JSON object of instance -> {accessKeyId, secretAccessKey}`,
      ],
    };

  const keys = new Map<string, StoreKey>();
  const errors: string[] = [];
  for (const name of names) {
    const entry = environment?.preview !== undefined && !(name in parsed) ? forPreviews : name;
    const own = pairSchema.safeParse(parsed[entry]);
    const { maintenance: second } = asObject(parsed[entry]);
    const maintenance = pairSchema.optional().safeParse(second);
    const former = formerSchema.safeParse(asObject(parsed[entry])["former"]);
    if (own.success && maintenance.success && former.success) {
      keys.set(name, {
        ...keyPair(own.data),
        ...(maintenance.data === undefined ? {} : { maintenance: keyPair(maintenance.data) }),
        ...(former.data === undefined ? {} : { former: former.data }),
      });
      continue;
    }
    if (own.success && maintenance.success) {
      errors.push(
        `${fileOf(name)}: "former" of the instance in the secret ${project}:artifactStoreKeys must be a list of principals, the users whose keys are being replaced`,
      );
      continue;
    }
    const what = !(entry in parsed)
      ? "has no key in"
      : own.success
        ? `${flawOf(maintenance.error!)} its "maintenance" in`
        : flawOf(own.error);
    errors.push(
      `${fileOf(name)}: the instance ${what} the secret ${project}:artifactStoreKeys. Make a user for it at the object store and add ` +
        `{"${entry}": {"accessKeyId": …, "secretAccessKey": …, "maintenance": {"accessKeyId": …, "secretAccessKey": …}}} (without "maintenance" where a bucket has one user only); for the embedded platform \`npm run local -- configure\` does both`,
    );
  }
  return { keys, errors };
}

const keyPair = ({
  accessKeyId,
  secretAccessKey,
  principal,
}: z.output<typeof pairSchema>): KeyPair => ({
  accessKeyId,
  secretAccessKey: pulumi.secret(secretAccessKey),
  ...(principal === undefined ? {} : { principal }),
});
