import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import type { BucketObject } from "../../support/instanceState.ts";
import { jobs, state } from "./scene.ts";

export function withoutLifecycle(): void {
  describe("what a bucket without a lifecycle collects", () => {
    const day = 24 * 3600 * 1000;
    const ago = (days: number): Date => new Date(Date.now() - days * day);
    const put = (Key: string): Promise<unknown> =>
      state.s3.send(new PutObjectCommand({ Bucket: state.bucket, Key, Body: "x" }));
    const remove = (Key: string): Promise<unknown> =>
      state.s3.send(new DeleteObjectCommand({ Bucket: state.bucket, Key }));
    const upload = async (Key: string): Promise<string> =>
      (await state.s3.send(new CreateMultipartUploadCommand({ Bucket: state.bucket, Key })))
        .UploadId ?? "";

    it("goes within the same bounds: noncurrent versions, temporary objects, aborted uploads and old reports; nothing else", async () => {
      await state.restore();
      await jobs.run();
      const folder = "artifacts/0/versions of";
      const times: Record<string, [current: number, behind: number]> = {
        // Superseded by a newer object, by a marker; the last was uploaded long ago and deleted
        // now, and this gateway gives its marker the upload's time.
        ...{
          "overwritten long ago": [31, 60],
          "overwritten lately": [29, 60],
          "deleted long ago": [60, 31],
          "deleted lately": [60, 29],
        },
      };
      for (const key of Object.keys(times)) {
        await put(`${folder}/${key}`);
        await (key.startsWith("overwritten") ? put : remove)(`${folder}/${key}`);
      }
      const reports = [366, 364].map(
        (days) =>
          `maintenance/retention/${ago(days).toISOString().slice(0, 19).replaceAll(":", "-")}Z-abcdef/report.json`,
      );
      const temporary = ["tmp/old", "tmp/recent"];
      for (const key of [...reports, ...temporary]) await put(key);
      const uploads = [
        await upload("artifacts/0/old upload"),
        await upload("artifacts/0/recent upload"),
      ];
      for (const [key, [current, behind]] of Object.entries(times))
        await state.setTimes(`${folder}/${key}`, ago(current), ago(behind));
      await state.setTimes("tmp/old", ago(8), ago(8));
      await state.setTimes("tmp/recent", ago(6), ago(6));
      await state.setUploadTime("artifacts/0/old upload", uploads[0] ?? "", ago(8));
      await state.setUploadTime("artifacts/0/recent upload", uploads[1] ?? "", ago(6));
      const before = await state.objects();

      const { exitCode, output, summary } = await jobs.run();
      expect(exitCode, output).toBe(0);
      const after = await state.objects();
      const texts = (objects: readonly BucketObject[]): string[] =>
        objects.map(({ key, version, marker }) => `${key} ${marker ? "marker" : version}`);
      const gone = texts(before).filter((text) => !texts(after).includes(text));
      const versionOf = (key: string, latest: boolean): string =>
        `${folder}/${key} ${before.find((object) => object.key === `${folder}/${key}` && !object.marker && object.latest === latest)?.version}`;
      expect(gone.toSorted()).toEqual(
        [
          versionOf("overwritten long ago", false),
          versionOf("deleted long ago", false),
          `${folder}/deleted long ago marker`,
        ].toSorted(),
      );
      // What goes as an object leaves a version behind for its own time.
      const current = (objects: readonly BucketObject[]): string[] =>
        objects.flatMap(({ key, latest, marker }) => (latest && !marker ? [key] : []));
      expect(current(before).filter((key) => !current(after).includes(key))).toEqual(
        [reports[0], "tmp/old"].toSorted(),
      );
      const { Uploads = [] } = await state.s3.send(
        new ListMultipartUploadsCommand({ Bucket: state.bucket }),
      );
      expect(Uploads.map(({ Key }) => Key)).toEqual(["artifacts/0/recent upload"]);
      expect(summary["swept"]).toMatchObject({
        noncurrentVersions: { objects: 3 },
        temporary: { objects: 1 },
        uploads: { objects: 1 },
        reports: { objects: 1 },
      });
    });
  });
}
