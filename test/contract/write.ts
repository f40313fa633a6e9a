import { writeFile } from "node:fs/promises";
import { createReport } from "../../local/report.ts";
import { preparePulumi } from "../../local/toolchain/index.ts";
import { packageSchema } from "./support/packageSchema.ts";
import { summary } from "./support/summary.ts";

// `npm run contract`: accepts the component package's public surface as it is now. What it changes
// is for a review to read.

const file = new URL("packageSchema.yaml", import.meta.url);
await writeFile(file, summary(await packageSchema(await preparePulumi(createReport()))));
