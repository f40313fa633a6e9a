import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump, goldenFolder } from "./dump.ts";
import { environments } from "./environments.ts";

// The only thing that writes goldens: a test that rewrote them by itself would never fail.
if (!process.argv.includes("--write")) {
  console.error(
    "Rewrites test/golden/<environment>/ from the present code; look at the diff before you commit it: npm run golden -- --write",
  );
  process.exit(2);
}

for (const environment of environments) {
  const folder = goldenFolder(environment);
  const files = await dump(environment);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
  console.log(`${folder}: ${files.size} files`);
}
