import * as pulumi from "@pulumi/pulumi";
import { formerUrn } from "./types.ts";

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

/** Options of an instance's resources, with what one of them adds. */
export type Children = (...more: pulumi.CustomResourceOptions[]) => pulumi.CustomResourceOptions;

/**
 * Options of the resources of one part of an instance. Instances of before 2026-12 have them in
 * their state below a component of the part's own, `former`; the engine finds them there.
 */
export function childrenOf(
  instance: pulumi.Resource,
  former: string,
  ...ofAll: pulumi.CustomResourceOptions[]
): Children {
  const parent = instance.urn.apply((urn) => formerUrn(urn, former));
  return (...more) => childOf(instance, { aliases: [{ parent }] }, ...ofAll, ...more);
}
