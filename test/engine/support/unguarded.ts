import { recover } from "../../../local/stack/recover.ts";
import type { Pulumi } from "../../../local/stack/pulumi.ts";

interface Resource {
  type: string;
  protect?: boolean;
  retainOnDelete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/**
 * Destroys a test's stack with its data. Every instance guards its data, and the way that a user takes is long (test/engine/deletion.test.ts goes it): a test
 * that only cleans up takes the guards off in the state.
 */
export async function destroyUnguarded(pulumi: Pulumi): Promise<void> {
  const stackArguments = ["--stack", pulumi.project.stack];
  await recover(pulumi, () => undefined);
  const state = JSON.parse(await pulumi.run(["stack", "export", ...stackArguments])) as { deployment: { resources?: Resource[] } };
  for (const resource of state.deployment.resources ?? []) {
    delete resource.protect;
    delete resource.retainOnDelete;
    if (resource.type !== "aws:s3/bucket:Bucket") continue;
    for (const values of [resource.inputs, resource.outputs]) if (values !== undefined) values["forceDestroy"] = true;
  }
  await pulumi.run(["stack", "import", ...stackArguments], { input: JSON.stringify(state) });
  await pulumi.run(["destroy", "--yes", "--skip-preview", ...stackArguments]);
}
