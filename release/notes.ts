import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { notesOf } from "./changelog.ts";
import { versionOf } from "./manifests.ts";

// Prints a version's section of the changelog, for the release's page.

const root = resolve(import.meta.dirname, "..");
const [version = ""] = process.argv.slice(2);
const notes = notesOf(await readFile(resolve(root, "CHANGELOG.md"), "utf8"), version);
const inManifests = await versionOf(root);
if (notes === undefined || version !== inManifests) {
  console.error(`CHANGELOG.md or package.json (${inManifests}) is not of version "${version}"`);
  process.exitCode = 2;
} else console.log(notes);
