import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rules } from "../../../../policies/rules.ts";
import { installed, noticeOn, readVersions } from "../../../../policies/sdk/inside.ts";
import { namespace } from "../fixtures.ts";
import { analyzeRequest, callsOf, servedPack } from "../servedPack.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const modules = join(root, "node_modules");

// Fails with an upgrade: then policies/sdk has to be read again beside the new SDK.
test("the installed versions are those that were read", () => {
  expect(installed).toEqual(readVersions);
  expect(noticeOn(installed)).toBeUndefined();
});

test.each(["@pulumi/policy", "@pulumi/pulumi"] as const)(
  "another version of %s is noticed, also a patch",
  (name) => {
    const notice = noticeOn({ ...readVersions, [name]: "1.21.9" });
    expect(notice).toContain(`${name} is 1.21.9, not ${readVersions[name]}`);
  },
);

/** The packs beside an SDK that says it is 1.22.0, and whose inside has other names. */
function packBesideOtherSdk(): string {
  const folder = mkdtempSync(join(tmpdir(), "policies-sdk-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(root, "policies"), join(folder, "policies"), { recursive: true });
  mkdirSync(join(folder, "node_modules", "@pulumi"), { recursive: true });
  for (const name of ["@grpc", "google-protobuf", "zod", "@pulumi/pulumi"])
    symlinkSync(join(modules, name), join(folder, "node_modules", name));
  const sdk = join(folder, "node_modules", "@pulumi", "policy");
  cpSync(join(modules, "@pulumi", "policy"), sdk, { recursive: true });
  edit(join(sdk, "package.json"), '"version": "v1.21.0"', '"version": "v1.22.0"');
  for (const file of ["server.js", "deserialize.js", "proxy.js"]) {
    edit(join(sdk, file), /\bdeserializeProperties\b/g, "readProperties");
    edit(
      join(sdk, file),
      /\b(getSpecialProxyTarget|UnknownValueError|unknownObjectValue)\b/g,
      "other$1",
    );
  }
  return join(folder, "policies");
}

function edit(file: string, found: string | RegExp, by: string): void {
  writeFileSync(file, readFileSync(file, "utf8").replace(found, by));
}

test("beside another SDK the packs serve every rule by its own ways, and say so", async () => {
  const served = await servedPack(packBesideOtherSdk());
  expect(served.errors()).toContain("@pulumi/policy is 1.22.0, not 1.21.0");
  expect(served.policies.map(({ name }) => name)).toEqual(rules.map(({ name }) => name));
  const call = callsOf(served.client);
  const bare = namespace({ "pod-security.kubernetes.io/enforce": undefined });
  const { diagnosticsList } = await call("analyze", analyzeRequest(bare));
  expect(diagnosticsList.map(({ policyname }) => policyname)).toContain(
    "namespace-enforces-restricted",
  );
  const unknown = namespace();
  unknown.props["metadata"].annotations["mlflow-instances/owner"] =
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const later = (await call("analyze", analyzeRequest(unknown))).diagnosticsList;
  expect(later.map(({ policyname, message }) => [policyname, message])).toContainEqual([
    "namespace-names-owner",
    expect.stringContaining("during preview"),
  ]);
});
