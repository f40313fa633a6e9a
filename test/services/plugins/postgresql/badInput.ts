import { describe, expect, test } from "vitest";
import { urn } from "../support/client.ts";
import { at, client } from "./standIn.ts";

export function badInput(): void {
  describe("bad input", () => {
    test("is told with the property, every failure at once, before anything is done", async () => {
      const role = await client.check(at("Role"), {
        connectionLimit: -2,
        colour: "red",
        login: "maybe",
      });
      expect(role.failures.map((failure) => failure.property).sort()).toEqual([
        "colour",
        "connectionLimit",
        "login",
      ]);
      const grant = await client.check(at("Grant"), {
        database: "x",
        role: "y",
        objectType: "table",
        schema: "s",
        privileges: ["SELECT; DROP TABLE x"],
      });
      expect(grant.failures.map((failure) => failure.property)).toEqual(["privileges[0]"]);
    });

    test("a role without a name gets an automatic one, the same in preview and update", async () => {
      const first = await client.check(at("Role"), {});
      const second = await client.check(at("Role"), {});
      expect(first.inputs["name"]).toMatch(/^fraud-[0-9a-f]{7}$/);
      expect(second.inputs["name"]).toBe(first.inputs["name"]);
      expect(
        (await client.check(at("Role"), {}, first.inputs, "another seed")).inputs["name"],
      ).toBe(first.inputs["name"]);
      expect(first.inputs["__defaults"]).toContain("name");
    });

    test("an unsupported type is one clear error", async () => {
      await expect(
        client.check(urn("postgresql:index/publication:Publication", "p"), {}),
      ).rejects.toThrow(/postgresql:index\/publication:Publication is not supported.*Role/s);
    });
  });
}
