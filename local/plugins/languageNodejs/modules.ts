// Where the program's own copy of the SDK is.
import { createRequire } from "node:module";
import { join } from "node:path";
import { UserError } from "../shared/provider.ts";

export type Shim = "run" | "run-plugin" | "run-policy-pack";

/**
 * The SDK's start script, resolved from the folder of the program: two copies of the SDK in one
 * process break components.
 */
export function shimPath(shim: Shim, folder: string): string {
  try {
    return createRequire(join(folder, "package.json")).resolve(
      `@pulumi/pulumi/cmd/${shim}/index.js`,
    );
  } catch {
    // The engine looks for these words and gives a better message for a policy pack.
    throw new UserError(
      `Cannot find module '@pulumi/pulumi/cmd/${shim}': the Pulumi SDK is not installed for ${folder}. Run \`npm ci\` (or \`npm install\`) there.`,
    );
  }
}
