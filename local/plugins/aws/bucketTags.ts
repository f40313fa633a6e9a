// Tags of a bucket, those of the provider's `defaultTags` included.
import {
  DeleteBucketTaggingCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
} from "@aws-sdk/client-s3";
import { Secret, asText, isObject } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import type { ObjectStore } from "./objectStore.ts";
import { call, isMissing, isNotImplemented, statusOf, serviceError } from "./serviceErrors.ts";

/** Inputs with the default tags mixed in, as the official plugin writes them. */
export function withDefaultTags(
  service: () => { defaultTags: Record<string, string> },
): (inputs: Properties) => Properties {
  return (inputs) => {
    const { defaultTags } = service();
    const given = inputs["tags"];
    if (Object.keys(defaultTags).length === 0 || given instanceof Secret) return inputs;
    if (given !== undefined && given !== null && !isObject(given)) return inputs;
    return { ...inputs, tags: { ...defaultTags, ...given } };
  };
}

export async function readTags(
  store: ObjectStore,
  bucket: string,
): Promise<Record<string, string>> {
  try {
    const { TagSet = [] } = await store.client.send(
      new GetBucketTaggingCommand({ Bucket: bucket }),
    );
    // `aws:` tags are the store's own.
    return Object.fromEntries(
      TagSet.flatMap(({ Key, Value: text }) =>
        Key && !Key.startsWith("aws:") ? [[Key, text ?? ""]] : [],
      ),
    );
  } catch (error) {
    // A store without tags has none; one that was asked to keep some fails when they are written.
    if (isMissing(error, "NoSuchTagSet") || isNotImplemented(error) || statusOf(error) === 404)
      return {};
    throw serviceError(store, `can't read the tags of bucket "${bucket}"`, error);
  }
}

export async function writeTags(
  store: ObjectStore,
  bucket: string,
  tags: Value | undefined,
): Promise<void> {
  const entries = isObject(tags) ? Object.entries(tags) : [];
  const what = `can't set the tags of bucket "${bucket}"`;
  if (entries.length === 0)
    await call(store, what, () =>
      store.client.send(new DeleteBucketTaggingCommand({ Bucket: bucket })),
    );
  else {
    const TagSet = entries.map(([Key, text]) => ({ Key, Value: asText(text) }));
    await call(store, what, () =>
      store.client.send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet } })),
    );
  }
}
