import { describe, expect, test } from "vitest";
import { postgresqlProvider } from "../../../../local/plugins/postgresql/postgresqlProvider.ts";
import { Secret } from "../../../../local/plugins/shared/values.ts";
import type { Properties } from "../../../../local/plugins/shared/values.ts";
import { connect } from "../support/client.ts";
import { at, cluster } from "./standIn.ts";

export function unusableServer(): void {
  describe("a server that can't be used", () => {
    async function error(config: Properties): Promise<string> {
      const other = await connect(postgresqlProvider());
      try {
        await other.configure({
          host: cluster.host,
          port: String(cluster.port),
          username: cluster.user,
          password: new Secret(cluster.password),
          sslmode: "disable",
          connectTimeout: "180",
          ...config,
        });
        await other.create(at("Role"), { name: "nobody" });
        return "no error";
      } catch (failure) {
        return (failure as Error).message;
      } finally {
        await other.close();
      }
    }

    test("is named with the reason: refused, wrong password, no TLS, unknown host", async () => {
      expect(await error({ port: "1" })).toMatch(/PostgreSQL server 127\.0\.0\.1:1 .*refused/);
      expect(await error({ password: new Secret("wrong") })).toMatch(
        /password of this user is wrong/,
      );
      expect(await error({ password: new Secret("wrong") })).not.toMatch(/"wrong"/);
      expect(await error({ sslmode: "require" })).toMatch(/does not support SSL/);
      expect(await error({ host: "no-such-host.invalid" })).toMatch(
        /no-such-host\.invalid.*(unknown|can't be resolved)/,
      );
      expect(await error({ sslmode: "prefer" })).toMatch(/sslmode "prefer" is not one of/);
      expect(await error({ awsRdsIamAuth: "true" })).toMatch(/awsRdsIamAuth is not supported/);
    });

    test("that doesn't answer is told within 10 s", async () => {
      const { createServer } = await import("node:net");
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as { port: number };
      const start = Date.now();
      expect(await error({ port: String(port) })).toMatch(/no answer in time/);
      expect(Date.now() - start).toBeLessThan(10_000);
      silent.close();
    }, 15_000);

    test("doesn't hinder a preview of new resources", async () => {
      const other = await connect(postgresqlProvider());
      await other.configure({ host: cluster.host, port: "1", username: "x", sslmode: "disable" });
      expect((await other.create(at("Role"), { name: "nobody" }, true)).id).toBe("");
      await other.close();
    });
  });
}
