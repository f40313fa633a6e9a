import { describe, expect, it } from "vitest";
import { cluster } from "../support/cluster.ts";
import { databases } from "../support/database.ts";
import { instanceOf } from "../support/engine.ts";
import { eventually } from "../support/eventually.ts";
import {
  dataHolders,
  deployed,
  engine,
  failed,
  file,
  guarded,
  name,
  other,
  resources,
} from "./scene.ts";

// What deletes nothing.

export function refused(): void {
  describe("a file that disappears", () => {
    it.each([
      ["preview", ["preview"]],
      ["up", ["up", "--yes", "--skip-preview"]],
    ])("fails %s with what to do, and changes nothing", async (_what, command) => {
      const before = await resources();
      await engine.instance(name, undefined);
      try {
        const output = await failed(...command);
        expect(output).toContain(
          `${name}.yaml: is gone, but a file that disappears deletes nothing; to delete ${name}, put the file back with the line "delete: ${name}", deploy, then remove the file`,
        );
        expect(output).not.toMatch(/\n\s+at .*\.ts:/);
      } finally {
        await engine.instance(name, file);
      }
      expect(await resources()).toEqual(before);
    });

    it("is told as a rename when another file came", async () => {
      await engine.instance(name, undefined);
      await engine.instance("card-tests", file);
      try {
        expect(await failed("preview")).toContain(
          `card-tests.yaml is new. An instance can't be renamed`,
        );
      } finally {
        await engine.instance("card-tests", undefined);
        await engine.instance(name, file);
      }
    });
  });

  describe("the engine itself", () => {
    it("refuses to destroy what holds data, in every tier", async () => {
      const before = await resources();
      expect((await guarded()).sort()).toEqual(
        [...dataHolders(name), ...dataHolders(other)].sort(),
      );
      expect(await failed("destroy", "--yes")).toMatch(/protect/);
      expect(await resources()).toEqual(before);
    });
  });

  describe("delete with another name", () => {
    it("fails with the line in the file", async () => {
      await engine.instance(name, `${file}delete: ${other}\n`);
      expect(await failed("preview")).toMatch(
        new RegExp(
          `${name}\\.yaml:8:1 delete: is "${other}"; to delete this instance, write its name, "${name}"`,
        ),
      );
    });
  });

  describe("a dump that fails", () => {
    it("leaves the instance as one that may not go, and is made anew by the next up", async () => {
      const self = instanceOf(deployed, name);
      const notebook = await databases(deployed).login({ as: self, to: self });
      const namespace = ["--namespace", self.namespace];
      const { kubectl } = cluster(deployed);
      try {
        await engine.instance(name, `${file}delete: ${name}\n`);
        await engine.configure();
        const up = failed("up", "--yes", "--skip-preview");
        // It waits for the notebook to go; two minutes are too long for a test.
        await eventually(60_000, async () => {
          const jobs = (await kubectl(["get", "jobs", ...namespace, "-o", "name"])).output;
          const job = /job\.batch\/\S*final-dump\S*/.exec(jobs)?.[0] ?? "none";
          const patch = [
            "patch",
            job,
            ...namespace,
            "--type",
            "merge",
            "--patch",
            '{"spec":{"activeDeadlineSeconds":1}}',
          ];
          expect((await kubectl(patch)).code).toBe(0);
        });
        // The cluster gives its pod half a minute to end by itself, which proves nothing here.
        const pods = ["pods", ...namespace, "--selector", "app.kubernetes.io/component=final-dump"];
        await eventually(30_000, async () => {
          const ends = await kubectl([
            "get",
            ...pods,
            "-o",
            "jsonpath={range .items[*]}{.metadata.name}={.metadata.deletionTimestamp};{end}",
          ]);
          expect([ends.code, ends.output]).toEqual([0, expect.not.stringContaining("=;")]);
        });
        await kubectl(["delete", ...pods, "--grace-period=0", "--force"]);
        expect(await up).toMatch(/final-dump.*failed/);
      } finally {
        await notebook.end();
      }
      await engine.instance(name, undefined);
      expect(await failed("preview")).toContain(`${name}.yaml: is gone, but`);
      await engine.instance(name, file);
    });
  });
}
