import { recover } from "../../../local/stack/recover.ts";
import type { Pulumi } from "../../../local/stack/pulumi.ts";

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  protect?: boolean;
  retainOnDelete?: boolean;
  dependencies?: readonly string[];
  propertyDependencies?: Readonly<Record<string, readonly string[]>>;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown> & {
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
  };
}

const isNamespace = ({ type }: Resource): boolean => type === "kubernetes:core/v1:Namespace";

/**
 * Destroys a test's stack with its data. Every instance guards its data, and the way that a user
 * takes is long (test/engine/deletion.test.ts goes it): a test that only cleans up takes the guards
 * off in the state, and lets each namespace go first and take along what is in it.
 */
export async function destroyUnguarded(pulumi: Pulumi): Promise<void> {
  const stackArguments = ["--stack", pulumi.project.stack];
  await recover(pulumi, () => undefined);
  const state = JSON.parse(await pulumi.run(["stack", "export", ...stackArguments])) as {
    deployment: { resources?: Resource[] };
  };
  const resources = state.deployment.resources ?? [];
  for (const resource of resources) {
    delete resource.protect;
    delete resource.retainOnDelete;
    if (resource.type !== "aws:s3/bucket:Bucket") continue;
    for (const values of [resource.inputs, resource.outputs])
      if (values !== undefined) values["forceDestroy"] = true;
  }
  state.deployment.resources = namespacesFirst(resources);
  await pulumi.run(["stack", "import", ...stackArguments], { input: JSON.stringify(state) });
  await pulumi.run(["destroy", "--yes", "--skip-preview", ...stackArguments]);
}

/**
 * A state in which nothing stands that a namespace takes along, and in which everything else that
 * was made goes after the namespaces: what others depend on is destroyed last.
 */
function namespacesFirst(resources: readonly Resource[]): Resource[] {
  const namespaces = resources.filter(isNamespace);
  const names = new Set(namespaces.map(({ outputs }) => outputs?.metadata?.name));
  // One whose creation was cut short has none, as what is in no namespace has.
  names.delete(undefined);
  const others = resources.filter(
    (each) =>
      !isNamespace(each) &&
      !(each.type.startsWith("kubernetes:") && names.has(each.outputs?.metadata?.namespace)),
  );
  const left = new Set(others.map(({ urn }) => urn));
  const within = (urns: readonly string[] = []): string[] => urns.filter((urn) => left.has(urn));
  for (const each of others) {
    each.dependencies = within(each.dependencies);
    each.propertyDependencies = Object.fromEntries(
      Object.entries(each.propertyDependencies ?? {}).map(([property, urns]) => [
        property,
        within(urns),
      ]),
    );
  }
  const made = others
    .filter(({ custom, type }) => custom && !type.startsWith("pulumi:"))
    .map(({ urn }) => urn);
  return [...others, ...namespaces.map((each) => ({ ...each, dependencies: made }))];
}
