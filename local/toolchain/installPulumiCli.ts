// A program of its own, because the SDK's installer can't be interrupted: node installPulumiCli.ts
// <root> <version>
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { SemVer } from "semver";

const [root, version] = process.argv.slice(2);
if (root === undefined || version === undefined)
  throw new Error("usage: installPulumiCli.ts <root> <version>");
await PulumiCommand.install({ root, version: new SemVer(version) }).catch((error: unknown) => {
  console.error(String((error as Error).message));
  process.exitCode = 1;
});
