import * as pulumi from "@pulumi/pulumi";

/**
 * Options of what holds data: Pulumi refuses to delete it (`protect`), and what was unprotected by
 * hand is only forgotten and not deleted (`retainOnDelete`). The third guard is that nothing is
 * forced: a bucket with objects, a role with objects, stay.
 */
export function dataGuards(isProtected: boolean): pulumi.CustomResourceOptions {
  return isProtected ? { protect: true, retainOnDelete: true } : {};
}

/** Options of a child: the parent gives the providers. */
export function childOf(
  parent: pulumi.Resource,
  ...more: pulumi.CustomResourceOptions[]
): pulumi.CustomResourceOptions {
  return more.reduce<pulumi.CustomResourceOptions>(
    (merged, options) => pulumi.mergeOptions(merged, options),
    { parent },
  );
}
