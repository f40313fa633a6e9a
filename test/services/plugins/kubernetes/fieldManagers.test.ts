import { expect, it } from "vitest";
import { ApiError } from "../../../../local/plugins/kubernetes/apiError.ts";
import type { Client } from "../../../../local/plugins/kubernetes/client.ts";
import { adoptFields, creator } from "../../../../local/plugins/kubernetes/fieldManagers.ts";
import type { Kind } from "../../../../local/plugins/kubernetes/kinds.ts";

// Proves that a hand-over of fields goes on when a controller writes the object in between, as it
// does with a Job that has just begun.

const job = (version: number) => ({
  metadata: {
    name: "migration",
    namespace: "mlflow-a",
    resourceVersion: String(version),
    managedFields: [{ manager: creator, operation: "Update", fieldsV1: { "f:spec": {} } }],
  },
});

function busyObject(writesInBetween: number) {
  let version = 1;
  const seen: unknown[] = [];
  const client = {
    path: () => "/path",
    get: () => Promise.resolve(job(version)),
    json: (
      _method: string,
      _path: string,
      { body }: { body: { path: string; value: unknown }[] },
    ) => {
      seen.push(body[1]?.value);
      if (version <= writesInBetween) {
        version += 1;
        return Promise.reject(new ApiError(409, "Conflict", "the object has been modified"));
      }
      return Promise.resolve({ done: true });
    },
  } as unknown as Client;
  return { client, seen };
}

const kind = {} as Kind;
const signal = new AbortController().signal;

it("reads the object again and hands over the fields that it has now", async () => {
  const { client, seen } = busyObject(3);
  expect(await adoptFields(client, kind, job(1), "manager", signal)).toEqual({ done: true });
  expect(seen).toEqual(["1", "2", "3", "4"]);
});

it("gives up on an object that never rests", async () => {
  const { client, seen } = busyObject(100);
  await expect(adoptFields(client, kind, job(1), "manager", signal)).rejects.toThrow(
    "the object has been modified",
  );
  expect(seen).toHaveLength(6);
});
