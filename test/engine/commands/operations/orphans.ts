import { PutObjectCommand } from "@aws-sdk/client-s3";
import { beforeAll, describe, expect, it } from "vitest";
import { differences } from "../../support/difference.ts";
import { name, stack } from "../../support/parcelForecast.ts";
import {
  day,
  everything,
  expectUnchanged,
  jobs,
  keys,
  state,
  type,
  typeOnTerminal,
  type Ended,
} from "./scene.ts";

export function orphans(): void {
  describe("orphans", () => {
    const planted = "artifacts/999/left behind.bin";
    const young = "artifacts/999/young.bin";

    beforeAll(async () => {
      for (const Key of [planted, young])
        await state.s3.send(
          new PutObjectCommand({ Bucket: state.bucket, Key, Body: "x".repeat(2048) }),
        );
      await state.ageObjects("artifacts/999", 2 * day, (key) => key.endsWith(planted));
    });

    it("lists the object that no row points to, and neither a young one nor one in use", () =>
      expectUnchanged(async () => {
        const { code, output, notes } = await type(["orphans", stack, name]);
        expect({ code, notes }).toMatchObject({ code: 0 });
        expect(output.split("\n").filter((line) => line.startsWith("orphan "))).toEqual([
          expect.stringMatching(
            /^orphan +2\.0 KiB {2}of 20.* UTC {2}artifacts\/999\/left behind\.bin$/,
          ),
        ]);
      }));

    it.each<[string, () => Promise<Ended>, RegExp]>([
      [
        "without a terminal",
        () => type(["orphans", stack, name, "--remove"]),
        /there is none: say --confirm parcel-forecast/,
      ],
      [
        "with another name",
        () => type(["orphans", stack, name, "--remove", "--confirm", "parcel"]),
        /not the instance's name/,
      ],
      [
        "with another name on a terminal",
        () => typeOnTerminal(["orphans", stack, name, "--remove"], "yes\n"),
        /not the instance's name/,
      ],
    ])("removes nothing %s", (_how, work, words) =>
      expectUnchanged(async () => {
        const before = (await jobs()).length;
        const { code, output, notes } = await work();
        expect(code).toBe(2);
        expect(output + notes).toMatch(words);
        expect(await jobs()).toHaveLength(before);
      }),
    );

    it("removes it, and nothing else, when the name is typed on a terminal", async () => {
      const before = await everything();
      const { code, output } = await typeOnTerminal(
        ["orphans", stack, name, "--remove"],
        `${name}\n`,
      );
      expect({ code, output }).toMatchObject({ code: 0 });
      const gone = new Map(before);
      gone.set(
        "keys",
        (before.get("keys") ?? []).filter((key) => key !== planted),
      );
      expect(differences(await everything(), gone)).toEqual([]);
    });

    it("takes the name from --confirm, and has nothing left to do", async () => {
      const { code } = await type(["orphans", stack, name, "--remove", "--confirm", name]);
      expect(code).toBe(0);
      expect(await keys("artifacts/999/")).toEqual([young]);
    });
  });
}
