import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { awsWords } from "./awsClient.ts";
import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import { Faults, type Answer, type Asked } from "./check.ts";
import { gone, judgeTaken } from "./claims.ts";
import type { Probe } from "./probes.ts";

// Questions at once; the client warns on standard error where more wait than it has sockets.
const atOnce = 16;

/** Why a bucket can't be used. */
type Reason = "belongs to another account, or its policy refuses us" | "exists in another region";

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
 * Whether the names of buckets that are to be made are free: all customers of a store share them,
 * and all environments at it. One that an interrupted update of this stack made is fine. Whether
 * those of deployed instances are still there.
 */
export function bucketsCheck(asked: Asked, how: How): (probe: Probe) => Promise<Partial<Answer>> {
  const { instances, fresh } = asked;
  return async ({ signal }) => {
    if (instances.length === 0) return {};
    const { HeadBucketCommand, ListBucketsCommand, S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client(how.config);
    const reasonOf = async ({ bucket }: ResolvedInstance): Promise<"ours" | "free" | Reason> => {
      try {
        const owner = how.accountId === undefined ? {} : { ExpectedBucketOwner: how.accountId };
        await client.send(new HeadBucketCommand({ Bucket: bucket.name, ...owner }), {
          abortSignal: signal,
        });
        return "ours";
      } catch (error) {
        const status = statusOf(error);
        if (status === 404) return "free";
        if (status === 403) return "belongs to another account, or its policy refuses us";
        if (status === 301) return "exists in another region";
        throw error;
      }
    };
    try {
      const reasons = new Map<ResolvedInstance, "ours" | "free" | Reason>();
      const waiting = [...instances];
      const ask = async (): Promise<void> => {
        for (let instance = waiting.shift(); instance !== undefined; instance = waiting.shift())
          reasons.set(instance, await reasonOf(instance));
      };
      await Promise.all(Array.from({ length: atOnce }, ask));
      const isTaken = (instance: ResolvedInstance) =>
        !["ours", "free"].includes(reasons.get(instance)!);
      const taken = fresh.filter(isTaken);
      // A refused key is refused at every bucket, and a HEAD has no body that would say so.
      if (instances.some(isTaken) && how.keyPath !== undefined) {
        const refused = await client
          .send(new ListBucketsCommand({ MaxBuckets: 1 }), { abortSignal: signal })
          .then(
            () => undefined,
            (error: Error) => error.name,
          );
        if (refused === "InvalidAccessKeyId" || refused === "SignatureDoesNotMatch")
          throw new Faults([
            {
              text: `The object store (${how.keyPath}): it does not accept the key (${refused})`,
              path: how.keyPath,
            },
          ]);
      }
      const words =
        "set another bucketPrefix (before the first update of the environment), or name the instance otherwise";
      const bucketOf = (instance: ResolvedInstance) =>
        `The bucket ${instance.bucket.name} of instance ${instance.instanceName} (${how.prefixPath})`;
      if (taken.length === 0) {
        const there = fresh.filter((instance) => reasons.get(instance) === "ours");
        const missing = instances.filter(
          (instance) => !fresh.includes(instance) && reasons.get(instance) === "free",
        );
        const lines = there.map((instance) => ({
          instance,
          line: `${bucketOf(instance)}: it exists already; ${words}`,
        }));
        const { errors = [], warnings = [] } = await judgeTaken(lines, asked);
        return {
          errors,
          warnings: [
            ...missing.map((instance) =>
              gone(`The bucket ${instance.bucket.name}`, instance, true),
            ),
            ...warnings,
          ],
        };
      }
      throw new Faults(
        taken.map((instance) => ({
          text: `${bucketOf(instance)}: the name is taken, the bucket ${reasons.get(instance)}; ${words}`,
          instance: instance.instanceName,
        })),
      );
    } catch (error) {
      throw error instanceof Faults ? error : awsWords(error);
    } finally {
      client.destroy();
    }
  };
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
