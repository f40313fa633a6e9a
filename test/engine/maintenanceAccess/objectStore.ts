import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { instanceOf } from "../support/engine.ts";
import { deployed, instance, jobs, jobsOf, other, own } from "./scene.ts";

export function objectStore(): void {
  describe.each(jobs)("the object store key of %s", (job) => {
    const artifact = "artifacts/0/secret/artifacts/data.txt";
    let store: S3Client;
    let server: S3Client;
    const named = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => "done",
        (error: unknown) =>
          String(
            (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ??
              error,
          ),
      );

    beforeAll(async () => {
      store = await jobsOf(own).objectStore(job);
      server = await jobsOf(own).serverObjectStore();
      await server.send(
        new PutObjectCommand({ Bucket: instance.bucket, Key: artifact, Body: "confidential" }),
      );
    });

    it("reads no artifact, and writes none", async () => {
      const target = { Bucket: instance.bucket, Key: artifact };
      expect(await named(store.send(new ListObjectsV2Command({ Bucket: instance.bucket })))).toBe(
        "done",
      );
      expect(await named(store.send(new GetObjectCommand(target)))).toBe("403");
      expect(await named(store.send(new HeadObjectCommand(target)))).toBe("403");
      expect(await named(store.send(new PutObjectCommand({ ...target, Body: "forged" })))).toBe(
        "403",
      );
      const versioning = {
        Bucket: instance.bucket,
        VersioningConfiguration: { Status: "Suspended" },
      } as const;
      expect(await named(store.send(new PutBucketVersioningCommand(versioning)))).toBe("403");
    });

    it("writes and reads its own reports", async () => {
      const report = { Bucket: instance.bucket, Key: `maintenance/${job}/test/report.json` };
      expect(await named(store.send(new PutObjectCommand({ ...report, Body: "{}" })))).toBe("done");
      expect(await named(store.send(new GetObjectCommand(report)))).toBe("done");
    });

    it("removes an object and then its versions, which the server's own key can't", async () => {
      expect(
        await named(
          store.send(new DeleteObjectCommand({ Bucket: instance.bucket, Key: artifact })),
        ),
      ).toBe("done");
      const { Versions = [], DeleteMarkers = [] } = await store.send(
        new ListObjectVersionsCommand({ Bucket: instance.bucket, Prefix: artifact }),
      );
      const left = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({
        Bucket: instance.bucket,
        Key,
        VersionId,
      }));
      expect(left.length).toBeGreaterThanOrEqual(2);
      for (const version of left)
        expect(await named(server.send(new DeleteObjectCommand(version)))).toBe("403");
      for (const version of left)
        expect(await named(store.send(new DeleteObjectCommand(version)))).toBe("done");
    });

    it("sees and removes nothing of another instance's bucket", async () => {
      const Bucket = instanceOf(deployed, other).bucket;
      expect(await named(store.send(new ListObjectsV2Command({ Bucket })))).toBe("403");
      expect(await named(store.send(new ListObjectVersionsCommand({ Bucket })))).toBe("403");
      expect(await named(store.send(new DeleteObjectCommand({ Bucket, Key: artifact })))).toBe(
        "403",
      );
      expect(
        await named(store.send(new GetObjectCommand({ Bucket, Key: "maintenance/retention/x" }))),
      ).toBe("403");
    });
  });
}
