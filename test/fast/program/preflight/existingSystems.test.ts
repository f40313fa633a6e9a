import { createServer } from "node:net";
import { expect, test } from "vitest";
import {
  answers,
  ca,
  database,
  linesOf,
  notes,
  postgresql,
  reachable,
  serveExisting,
  silent,
} from "./existingServers.ts";
import { hidden, kubeconfig, listen, portOf } from "./fakes.ts";

// An HTTPS server stands for the API server and for S3. What a real one of each says is the engine
// tests' business.

serveExisting();

test("says nothing when all three answer", async () => {
  expect(await linesOf(reachable())).toEqual([]);
  expect(notes).toEqual([]);
});

test("nothing listens: all three are named, with address, config path and reason", async () => {
  const closed = createServer();
  await listen(closed);
  const port = portOf(closed);
  await new Promise((resolve) => closed.close(resolve));
  const environment = reachable((platform) => {
    platform.postgresql.port = port;
    platform.kubernetes.kubeconfig = kubeconfig(`https://127.0.0.1:${port}`, ca.pem.cert);
    platform.objectStore.endpoint = `https://127.0.0.1:${port}`;
  });
  expect(await linesOf(environment)).toEqual([
    `PostgreSQL at 127.0.0.1:${port} (platform.postgresql): connection refused: nothing listens there`,
    `The Kubernetes API server at https://127.0.0.1:${port} (platform.kubernetes): connection refused: nothing listens there`,
    `S3 at https://127.0.0.1:${port} (platform.objectStore.endpoint): connection refused: nothing listens there`,
  ]);
});

test("three that never answer are reported together, within one time limit", async () => {
  const port = portOf(silent);
  const environment = reachable((platform) => {
    platform.postgresql.port = port;
    platform.kubernetes.kubeconfig = kubeconfig(`https://127.0.0.1:${port}`, ca.pem.cert);
    platform.objectStore.endpoint = `https://127.0.0.1:${port}`;
  });
  const begin = performance.now();
  const lines = await linesOf(environment, 500);
  expect(performance.now() - begin).toBeLessThan(1_400);
  expect(lines.map((line) => line.split(": ").at(-1))).toEqual(
    Array(3).fill("no answer within 0.5 s"),
  );
});

test("something else listens at PostgreSQL's port", async () => {
  const echo = createServer((socket) =>
    socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  );
  await listen(echo);
  const port = portOf(echo);
  const lines = await linesOf(reachable((platform) => (platform.postgresql.port = port)));
  echo.close();
  expect(lines).toEqual([
    `PostgreSQL at 127.0.0.1:${port} (platform.postgresql): it answers, but is not PostgreSQL`,
  ]);
});

test.each([
  [130_022, "13.22"],
  [90_624, "9.6"],
])("PostgreSQL %i is too old", async (version, shown) => {
  database.version = version;
  expect(await linesOf(reachable())).toEqual([
    `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): its version is ${shown}; 14 is the oldest that the instances work with`,
  ]);
});

test("an administrator without the rights to make an instance's roles is told, with what is missing", async () => {
  database.lacks = "roles and databases";
  expect(await linesOf(reachable())).toEqual([
    `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): postgres may not create roles and databases, and each instance has roles and a database of its own`,
  ]);
});

test("PostgreSQL 14 is new enough; a password that is wrong is said, and not shown", async () => {
  database.version = 140_000;
  expect(await linesOf(reachable())).toEqual([]);
  database.password = "another";
  expect(await linesOf(reachable())).toEqual([
    `PostgreSQL at 127.0.0.1:${portOf(postgresql)} (platform.postgresql): password authentication failed for user "postgres"`,
  ]);
});

test("the bucket of a new instance: one that is taken is named, ours and one that is free are fine", async () => {
  const asked: string[] = [];
  answers.s3 = ({ method, url = "" }) => {
    asked.push(`${method} ${url.split("?")[0]}`);
    if (url.includes("cart")) return { status: 403 };
    return { status: url.includes("shop") ? 200 : 404 };
  };
  expect(await linesOf(reachable(), undefined, ["shop", "cart", "till"])).toEqual([
    "The bucket mlflow-local-cart of instance cart (platform.objectStore.bucketPrefix): the name is taken, the bucket belongs to another account, or its policy refuses us; " +
      "set another bucketPrefix (before the first update of the environment), or name the instance otherwise",
  ]);
  expect(asked.filter((line) => line.startsWith("HEAD")).sort()).toEqual(
    ["cart", "shop", "till"].map((name) => `HEAD /mlflow-local-${name}/`),
  );
});

test("every one of many new buckets is asked for, and they are told in the order of the instances", async () => {
  const asked = new Set<string>();
  answers.s3 = ({ url = "" }) => {
    asked.add(url);
    return { status: /-(07|55)\//.test(url) ? 403 : 404 };
  };
  const names = Array.from({ length: 60 }, (_, index) => `shop-${String(index).padStart(2, "0")}`);
  const lines = await linesOf(reachable(), undefined, names);
  expect(lines.map((line) => /of instance (\S+)/.exec(line)?.[1])).toEqual(["shop-07", "shop-55"]);
  expect([...asked].filter((url) => url.includes("shop-"))).toHaveLength(60);
});

test("a key that the store refuses is no taken bucket", async () => {
  answers.s3 = ({ method }) =>
    method === "HEAD"
      ? { status: 403 }
      : {
          status: 403,
          body: `<Error><Code>SignatureDoesNotMatch</Code><Message>${hidden}</Message></Error>`,
        };
  expect(await linesOf(reachable(), undefined, ["shop", "cart"])).toEqual([
    "The object store (platform.objectStore.accessKeyId): it does not accept the key (SignatureDoesNotMatch)",
  ]);
});
