import type { PolicyResource } from "@pulumi/policy";
import {
  annotation,
  bucketTypes,
  databaseType,
  isInstanceNamespace,
  label,
  marksOf,
  metadataOf,
  partOf,
  roleType,
} from "./resources.ts";
import { roleNamesOf } from "./names.ts";
import { asFarAsKnown, orUnknown } from "../sdk/unknown.ts";

/** All resources that belong to one instance. */
export interface Instance {
  readonly name: string;
  readonly tier: string | undefined;
  readonly environment: string | undefined;
  readonly namespace: PolicyResource;
  /** Everything that is the instance's, the namespace included. */
  readonly resources: readonly PolicyResource[];
  /**
   * Whether its team has asked for its deletion by name: running parts and protection are gone on
   * purpose.
   */
  readonly deletionPrepared: boolean;
  /** Resources of these types, or of this component label. */
  of(...types: readonly string[]): PolicyResource[];
  component(component: string): PolicyResource[];
}

/** The resources of a stack, sorted by instance. */
export interface Stack {
  readonly resources: readonly PolicyResource[];
  readonly instances: readonly Instance[];
  /** Resources of these types that belong to no instance. */
  strangers(...types: readonly string[]): PolicyResource[];
}

interface Owners {
  /** Of the instances, the longest first. */
  readonly names: readonly string[];
  readonly byNamespace: ReadonlyMap<string, string>;
  readonly byBucket: ReadonlyMap<string, string>;
}

const isBucket = ({ type }: PolicyResource): boolean =>
  (bucketTypes as readonly string[]).includes(type);

const aroundBucket = (resource: PolicyResource): boolean =>
  resource.type.startsWith("aws:s3/bucket") && !isBucket(resource);

/**
 * Who a resource belongs to. A Kubernetes object says so by its labels, or lies in an instance's
 * namespace; a stack may hold others whose names look alike. A bucket says so by its tags. A
 * resource of PostgreSQL carries no label: it belongs to the instance whose name begins its logical
 * name, or that its own name follows. What surrounds a bucket belongs to the bucket that it names.
 */
function ownerOf(resource: PolicyResource, owners: Owners): string | undefined {
  const { names, byBucket } = owners;
  // The longest first: `search-ranker-token` belongs to `search-ranker`, also when there is an
  // instance `search`.
  const byLogicalName = () =>
    names.find((name) => resource.name === name || resource.name.startsWith(`${name}-`));
  if (resource.type.startsWith("kubernetes:"))
    return ownerOfObject(resource, owners, byLogicalName);
  const marked = orUnknown(() => marksOf(resource)[label.instance]);
  if (marked !== undefined && names.includes(marked)) return marked;
  const bucket = aroundBucket(resource)
    ? orUnknown(() => resource.props["bucket"] as string | undefined)
    : undefined;
  if (bucket !== undefined && byBucket.has(bucket)) return byBucket.get(bucket);
  const begun = byLogicalName();
  if (begun !== undefined) return begun;
  if (resource.type !== databaseType && resource.type !== roleType) return undefined;
  const own = orUnknown(() => resource.props["name"] as string);
  return own === undefined
    ? undefined
    : names.find((name) => Object.values(roleNamesOf(name)).includes(own));
}

function ownerOfObject(
  object: PolicyResource,
  { names, byNamespace }: Owners,
  byLogicalName: () => string | undefined,
): string | undefined {
  // Others' charts have the label of the instance, too, with the name of their release.
  const marked = orUnknown(() =>
    marksOf(object)[label.partOf] === partOf ? marksOf(object)[label.instance] : undefined,
  );
  if (marked !== undefined && names.includes(marked)) return marked;
  const place = orUnknown(() => ({ namespace: metadataOf(object.props).namespace }));
  return place === undefined ? byLogicalName() : byNamespace.get(place.namespace ?? "");
}

export function readStack(given: readonly PolicyResource[]): Stack {
  const resources = given.map(asFarAsKnown);
  const namespaces = resources.filter(
    (resource) => orUnknown(() => isInstanceNamespace(resource)) ?? false,
  );
  const named = namespaces.flatMap((namespace) => {
    const name = marksOf(namespace)[label.instance];
    return name === undefined ? [] : [{ name, namespace }];
  });
  const names = [...new Set(named.map(({ name }) => name))].sort(
    (a, b) => b.length - a.length || (a < b ? -1 : 1),
  );
  const byNamespace = new Map(
    named.flatMap(({ name, namespace }) => {
      const own = orUnknown(() => metadataOf(namespace.props).name);
      return own === undefined ? [] : [[own, name] as const];
    }),
  );
  const byBucket = new Map<string, string>();
  for (const bucket of resources.filter(isBucket)) {
    const owner = ownerOf(bucket, { names, byNamespace, byBucket });
    const name = orUnknown(() => bucket.props["bucket"] as string | undefined);
    if (owner !== undefined && name !== undefined) byBucket.set(name, owner);
  }
  const owners = new Map<string, PolicyResource[]>();
  const homeless: PolicyResource[] = [];
  for (const resource of resources) {
    if (resource.type.startsWith("pulumi:") || resource.type.startsWith("components:")) continue;
    const owner = ownerOf(resource, { names, byNamespace, byBucket });
    if (owner === undefined) homeless.push(resource);
    else owners.set(owner, [...(owners.get(owner) ?? []), resource]);
  }
  const seen = new Set<string>();
  const instances = named
    .filter(({ name }) => !seen.has(name) && seen.add(name))
    .map(({ name, namespace }): Instance => {
      const own = owners.get(name) ?? [];
      const of = (...types: readonly string[]) => own.filter(({ type }) => types.includes(type));
      return {
        name,
        tier: marksOf(namespace)[label.tier],
        environment: marksOf(namespace)[label.environment],
        namespace,
        resources: own,
        deletionPrepared:
          metadataOf(namespace.props).annotations?.[annotation.deletion] === "prepared",
        of,
        component: (component) =>
          own.filter(
            (resource) => orUnknown(() => marksOf(resource)[label.component]) === component,
          ),
      };
    });
  return {
    resources,
    instances,
    strangers: (...types) => homeless.filter(({ type }) => types.includes(type)),
  };
}

/** The buckets of an instance. */
export const bucketsOf = (instance: Instance): PolicyResource[] => instance.of(...bucketTypes);
