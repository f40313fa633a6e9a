import { expect, test } from "vitest";
import { serverIsMigrated } from "../../../../policies/reliability/serverIsMigrated.ts";
import { changed, container, image, migrationJob, server } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { namespace } from "../fixtures.ts";
import { clean, judgeStack, unknown } from "../support.ts";

const of = (name: string) => changed(migrationJob, [...container, "image"], name);
const message = `urn:1: No Job of instance shop migrates the schema for ${image}; give its migration Job (label app.kubernetes.io/component: migration) the tracking server's image.`;

stackContract(serverIsMigrated, {
  passes: {
    "a Job with the server's image": [namespace(), server, migrationJob],
    "one of several": [namespace(), server, of("other:1"), migrationJob],
    "no Job at all, of which another rule speaks": [namespace(), server],
    "an instance that is being deleted": [
      namespace({}, { "mlflow-instances/deletion": "prepared" }),
      server,
      of("other:1"),
    ],
  },
  breaks: [namespace(), server, of("other:1")],
  message,
  unknown: [
    { given: [namespace(), server, of(unknown)], later: ["spec.template.spec.containers.0.image"] },
    {
      given: [namespace(), changed(server, [...container, "image"], unknown), of("other:1")],
      later: ["spec.template.spec.containers.0.image"],
    },
  ],
  ignores: {
    "another part of an instance": [
      namespace(),
      changed(server, ["metadata", "labels", "app.kubernetes.io/component"], "exporter"),
      of("other:1"),
    ],
    "a server of no instance": [server],
  },
});

test("a Job in another namespace does not count", async () => {
  const elsewhere = changed(migrationJob, ["metadata", "namespace"], "other");
  expect((await judgeStack(serverIsMigrated, [namespace(), server, elsewhere])).violations).toEqual(
    [message],
  );
});

test("the image of one container of several is enough", async () => {
  const sidecar = changed(server, ["spec", "template", "spec", "containers", 1], {
    name: "proxy",
    image: "proxy:1",
  });
  expect(await judgeStack(serverIsMigrated, [namespace(), sidecar, migrationJob])).toEqual(clean);
});
