import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { awsWords } from "./awsClient.ts";
import type { InstanceSpec } from "../instance.ts";
import { Lines } from "./check.ts";
import type { Probe } from "./probes.ts";

// Questions at once; the client warns on standard error where more wait than it has sockets.
const atOnce = 16;

interface How {
  readonly config: S3ClientConfig;
  /** The account that a bucket has to be of; on AWS only. */
  readonly accountId?: string;
  /** Config path of what a bucket's name begins with. */
  readonly prefixPath: string;
  /** Config path of the key; unset where the login is known to be right. */
  readonly keyPath?: string;
}

/**
 * Whether the names of buckets that are to be made are free: all customers of a store share them. One of our own is fine; an update that was interrupted has made
 * it. Asked for new instances only, so that an environment of many costs nothing.
 */
export function bucketsCheck(fresh: readonly InstanceSpec[], how: How): (probe: Probe) => Promise<void> {
  return async ({ signal }) => {
    if (fresh.length === 0) return;
    const { HeadBucketCommand, ListBucketsCommand, S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client(how.config);
    const reasonOf = async ({ bucket }: InstanceSpec): Promise<string | undefined> => {
      try {
        const owner = how.accountId === undefined ? {} : { ExpectedBucketOwner: how.accountId };
        await client.send(new HeadBucketCommand({ Bucket: bucket, ...owner }), { abortSignal: signal });
        return undefined;
      } catch (error) {
        const status = statusOf(error);
        if (status === 404) return undefined;
        if (status === 403) return "belongs to another account, or its policy refuses us";
        if (status === 301) return "exists in another region";
        throw error;
      }
    };
    try {
      const reasons = new Map<InstanceSpec, string | undefined>();
      const waiting = [...fresh];
      const ask = async (): Promise<void> => {
        for (let spec = waiting.shift(); spec !== undefined; spec = waiting.shift()) reasons.set(spec, await reasonOf(spec));
      };
      await Promise.all(Array.from({ length: atOnce }, ask));
      const taken = fresh.filter((spec) => reasons.get(spec) !== undefined);
      // A refused key is refused at every bucket, and a HEAD has no body that would say so.
      if (taken.length > 0 && how.keyPath !== undefined) {
        const refused = await client.send(new ListBucketsCommand({ MaxBuckets: 1 }), { abortSignal: signal }).then(
          () => undefined,
          (error: Error) => error.name,
        );
        if (refused === "InvalidAccessKeyId" || refused === "SignatureDoesNotMatch")
          throw new Lines([`The object store (${how.keyPath}): it does not accept the key (${refused})`]);
      }
      if (taken.length === 0) return;
      throw new Lines(
        taken.map(
          (spec) =>
            `The bucket ${spec.bucket} of instance ${spec.name} (${how.prefixPath}): the name is taken, the bucket ${reasons.get(spec)}; set another bucketPrefix (before the first update of the environment), or name the instance otherwise`,
        ),
      );
    } catch (error) {
      throw error instanceof Lines ? error : awsWords(error);
    } finally {
      client.destroy();
    }
  };
}

const statusOf = (error: unknown): number | undefined => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
