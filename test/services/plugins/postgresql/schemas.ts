import { describe, expect, test } from "vitest";
import { at, change, client, cluster, expectStable, make } from "./standIn.ts";

export function schemas(): void {
  describe("schemas, memberships and privileges inside a database", () => {
    test("are made, stay without drift and go", async () => {
      await make("Role", { name: "author", login: true });
      await make("Role", { name: "reader", login: true });
      await make("Database", { name: "library", owner: "author" });
      const schema = await make("Schema", { database: "library", name: "books", owner: "author" });
      expect(schema.id).toBe("library.books");
      await cluster.query("SET ROLE author; CREATE TABLE books.novels (id int)", {
        database: "library",
      });
      const usage = await make("Grant", {
        database: "library",
        schema: "books",
        role: "reader",
        objectType: "schema",
        privileges: ["USAGE"],
      });
      const select = await make("Grant", {
        database: "library",
        schema: "books",
        role: "reader",
        objectType: "table",
        privileges: ["SELECT", "INSERT"],
      });
      expect(select.id).toBe("reader_library_books_table");
      const member = await make("GrantRole", { role: "reader", grantRole: "author" });
      expect(member.id).toBe("reader_author_false");
      const all = [
        ["Schema", schema],
        ["Grant", usage],
        ["Grant", select],
        ["GrantRole", member],
      ] as const;
      for (const [name, made] of all) await expectStable(name, made);
      const fewer = await change("Grant", select, { ...select.inputs, privileges: ["SELECT"] });
      expect(fewer.properties["privileges"]).toEqual(["SELECT"]);
      expect(
        await cluster.query(
          "SELECT has_table_privilege('reader', 'books.novels', 'INSERT') AS can",
          {
            database: "library",
          },
        ),
      ).toEqual([{ can: true }]); // as a member of the owner
      await client.delete(at("GrantRole"), member.id, member.properties);
      expect(
        await cluster.query(
          "SELECT has_table_privilege('reader', 'books.novels', 'INSERT') AS can",
          {
            database: "library",
          },
        ),
      ).toEqual([{ can: false }]);
      await expect(client.delete(at("Schema"), schema.id, schema.properties)).rejects.toThrow(
        /can't drop schema "books"[\s\S]*table books.novels/,
      );
    });
  });
}
