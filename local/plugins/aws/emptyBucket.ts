// `forceDestroy`: everything in a bucket goes, old versions, deletion markers and unfinished
// uploads too.
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { UserError } from "../shared/provider.ts";
import type { ResourceLog } from "../shared/provider.ts";
import type { ObjectStore } from "./objectStore.ts";
import { isNotImplemented } from "./serviceErrors.ts";

interface Item {
  Key: string;
  VersionId?: string;
}

async function someItems(store: ObjectStore, bucket: string): Promise<Item[]> {
  try {
    const { Versions = [], DeleteMarkers = [] } = await store.client.send(
      new ListObjectVersionsCommand({ Bucket: bucket }),
    );
    return [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
      Key ? [{ Key, ...(VersionId && VersionId !== "null" && { VersionId }) }] : [],
    );
  } catch (error) {
    if (!isNotImplemented(error)) throw error;
    const { Contents = [] } = await store.client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.flatMap(({ Key }) => (Key ? [{ Key }] : []));
  }
}

export async function emptyBucket(
  store: ObjectStore,
  bucket: string,
  signal: AbortSignal,
  log: ResourceLog,
): Promise<void> {
  let removed = 0;
  for (
    let items = await someItems(store, bucket);
    items.length > 0;
    items = await someItems(store, bucket)
  ) {
    signal.throwIfAborted();
    const { Errors = [] } = await store.client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: items, Quiet: true } }),
    );
    const [first] = Errors;
    // Without this a store that refuses one object would be asked for ever.
    if (first)
      throw new UserError(
        `can't delete ${Errors.length} objects of bucket "${bucket}", the first: ${first.Key}: ${first.Code} ${first.Message ?? ""}`,
      );
    removed += items.length;
    log.status(`removed ${removed} objects and versions`);
  }
  const { Uploads = [] } = await store.client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket }),
  );
  for (const { Key, UploadId } of Uploads) {
    await store.client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
}
