import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { ListBucketsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Deployed } from "../../../local/commands/up.ts";
import type { StackValues } from "../../../local/stack/values.ts";

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What tests ask of the object store: as its root user, or with the key of an instance. */
export function objectStore(
  { platform }: Pick<Deployed, "platform">,
  values: Pick<StackValues, "secrets">,
) {
  const { endpoint, region, accessKeyId, secretAccessKeyFile } = platform.objectStore;
  const open = async (credentials: Keys): Promise<S3Client> =>
    new S3Client({
      endpoint,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({
        httpsAgent: new Agent({ ca: await readFile(platform.caPath, "utf8") }),
      }),
    });
  const keysOf = (instance: string): Keys => {
    const keys = (JSON.parse(values.secrets["artifactStoreKeys"] ?? "{}") as Record<string, Keys>)[
      instance
    ];
    if (keys === undefined) throw new Error(`no key of instance ${instance}`);
    return keys;
  };
  const root = async (): Promise<S3Client> =>
    open({ accessKeyId, secretAccessKey: (await readFile(secretAccessKeyFile, "utf8")).trim() });
  return {
    root,
    async buckets(): Promise<string[]> {
      const client = await root();
      const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
      return Buckets.map(({ Name = "" }) => Name);
    },
    /** Lists a bucket with the key of an instance: `listed`, or the error's code. */
    async list({ as, bucket }: { as: string; bucket: string }): Promise<string> {
      const client = await open(keysOf(as));
      try {
        await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
        return "listed";
      } catch (error) {
        return (error as Error).name;
      }
    },
  };
}
