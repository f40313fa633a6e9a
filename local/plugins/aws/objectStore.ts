import { S3Client } from "@aws-sdk/client-s3";
import type { Connection, Service } from "./connection.ts";

export interface ObjectStore extends Service {
  client: S3Client;
  region: string;
  defaultTags: Record<string, string>;
}

/** A client of the S3 endpoint. */
export function objectStore(connection: Connection): ObjectStore {
  const client = new S3Client({
    ...connection.clientSettings("s3"),
    forcePathStyle: connection.settings.flag("s3UsePathStyle") ?? false,
    // Stores that are not Amazon's don't know the newer checksums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return {
    client,
    kind: "object store",
    region: connection.region,
    where: connection.where("s3"),
    defaultTags: connection.defaultTags,
  };
}
