// A lifecycle rule in Pulumi's words and in S3's.
import type { LifecycleRule, TransitionStorageClass } from "@aws-sdk/client-s3";
import type { PropertySpec } from "../shared/bridged/schema.ts";
import { asText, isObject } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { given, integer, object, objects, text } from "./inputs.ts";

const number: PropertySpec = { type: "number" };
const filled: PropertySpec = { type: "number", computed: true };
const prefix: PropertySpec = { type: "string", computed: true };
const sizes = { objectSizeGreaterThan: filled, objectSizeLessThan: filled };

export const ruleFields: Record<string, PropertySpec> = {
  abortIncompleteMultipartUpload: { type: "object", fields: { daysAfterInitiation: number } },
  expiration: {
    type: "object",
    fields: {
      date: { type: "string" },
      days: filled,
      expiredObjectDeleteMarker: { type: "boolean", computed: true },
    },
  },
  filter: {
    type: "object",
    fields: {
      and: { type: "object", fields: { ...sizes, prefix, tags: { type: "map" } } },
      ...sizes,
      prefix,
      tag: {
        type: "object",
        fields: {
          key: { type: "string", required: true },
          value: { type: "string", required: true },
        },
      },
    },
  },
  id: { type: "string", required: true },
  noncurrentVersionExpiration: {
    type: "object",
    fields: { newerNoncurrentVersions: number, noncurrentDays: number },
  },
  noncurrentVersionTransitions: {
    type: "set",
    fields: {
      newerNoncurrentVersions: number,
      noncurrentDays: number,
      storageClass: { type: "string", required: true },
    },
  },
  prefix,
  status: {
    type: "string",
    required: true,
    validate: (value) =>
      value === "Enabled" || value === "Disabled" ? undefined : "must be Enabled or Disabled",
  },
  transitions: {
    type: "set",
    fields: {
      date: { type: "string" },
      days: filled,
      storageClass: { type: "string", required: true },
    },
  },
};

type Filter = NonNullable<LifecycleRule["Filter"]>;

function toFilter(filter: Properties): Filter {
  const [and, tag] = [object(filter, "and"), object(filter, "tag")];
  if (and) {
    const tags = object(and, "tags") ?? {};
    return {
      And: {
        ...basics(and),
        ...(Object.keys(tags).length > 0 && {
          Tags: Object.entries(tags).map(([Key, value]) => ({ Key, Value: asText(value) })),
        }),
      },
    };
  }
  if (tag) return { Tag: { Key: text(tag, "key"), Value: text(tag, "value") } };
  const found = basics(filter);
  return Object.keys(found).length === 0 ? { Prefix: "" } : found;
}

function basics(
  from: Properties,
): Pick<Filter, "Prefix" | "ObjectSizeGreaterThan" | "ObjectSizeLessThan"> {
  const [greater, less] = [
    integer(from, "objectSizeGreaterThan"),
    integer(from, "objectSizeLessThan"),
  ];
  return {
    ...(text(from, "prefix") !== "" && { Prefix: text(from, "prefix") }),
    ...(greater && { ObjectSizeGreaterThan: greater }),
    ...(less && { ObjectSizeLessThan: less }),
  };
}

const dateOf = (from: Properties): { Date: Date } | object =>
  text(from, "date") === "" ? {} : { Date: new Date(text(from, "date")) };
const daysOf = (from: Properties, key: string): Value | undefined =>
  integer(from, key) || undefined;

export function toRule(rule: Properties): LifecycleRule {
  const abort = object(rule, "abortIncompleteMultipartUpload");
  const expiration = object(rule, "expiration");
  const noncurrent = object(rule, "noncurrentVersionExpiration");
  const transitions = objects(rule, "transitions");
  const noncurrentTransitions = objects(rule, "noncurrentVersionTransitions");
  return {
    ID: text(rule, "id"),
    Status: text(rule, "status") as "Enabled" | "Disabled",
    ...(object(rule, "filter") || text(rule, "prefix") === ""
      ? { Filter: toFilter(object(rule, "filter") ?? {}) }
      : { Prefix: text(rule, "prefix") }),
    ...(abort && {
      AbortIncompleteMultipartUpload: given({
        DaysAfterInitiation: daysOf(abort, "daysAfterInitiation"),
      }),
    }),
    ...(expiration && {
      Expiration: {
        ...dateOf(expiration),
        ...given({
          Days: daysOf(expiration, "days"),
          ExpiredObjectDeleteMarker:
            expiration["expiredObjectDeleteMarker"] === true ? true : undefined,
        }),
      },
    }),
    ...(noncurrent && {
      NoncurrentVersionExpiration: given({
        NoncurrentDays: daysOf(noncurrent, "noncurrentDays"),
        NewerNoncurrentVersions: daysOf(noncurrent, "newerNoncurrentVersions"),
      }),
    }),
    ...(transitions.length > 0 && {
      Transitions: transitions.map((item) => ({
        ...dateOf(item),
        ...given({ Days: integer(item, "days") }),
        StorageClass: text(item, "storageClass") as TransitionStorageClass,
      })),
    }),
    ...(noncurrentTransitions.length > 0 && {
      NoncurrentVersionTransitions: noncurrentTransitions.map((item) => ({
        ...given({
          NoncurrentDays: integer(item, "noncurrentDays"),
          NewerNoncurrentVersions: daysOf(item, "newerNoncurrentVersions"),
        }),
        StorageClass: text(item, "storageClass") as TransitionStorageClass,
      })),
    }),
  };
}

function fromFilter(filter: Filter): Properties {
  const part = (from: Filter | NonNullable<Filter["And"]>): Properties => ({
    objectSizeGreaterThan: from.ObjectSizeGreaterThan ?? 0,
    objectSizeLessThan: from.ObjectSizeLessThan ?? 0,
    prefix: from.Prefix ?? "",
  });
  return given({
    ...part(filter),
    tag: filter.Tag && { key: filter.Tag.Key ?? "", value: filter.Tag.Value ?? "" },
    and: filter.And && {
      ...part(filter.And),
      tags: Object.fromEntries(
        (filter.And.Tags ?? []).map(({ Key, Value: value }) => [Key ?? "", value ?? ""]),
      ),
    },
  });
}

export function fromRule(rule: LifecycleRule): Properties {
  const {
    AbortIncompleteMultipartUpload: abort,
    Expiration: expiration,
    NoncurrentVersionExpiration: noncurrent,
  } = rule;
  const list = (items: Value[] | undefined): Value[] | undefined =>
    items && items.length > 0 ? items : undefined;
  const result = given({
    abortIncompleteMultipartUpload:
      abort && given({ daysAfterInitiation: abort.DaysAfterInitiation }),
    expiration:
      expiration &&
      given({
        date: expiration.Date?.toISOString(),
        days: expiration.Days ?? 0,
        expiredObjectDeleteMarker: expiration.ExpiredObjectDeleteMarker === true,
      }),
    filter: rule.Filter && fromFilter(rule.Filter),
    id: rule.ID,
    noncurrentVersionExpiration:
      noncurrent &&
      given({
        newerNoncurrentVersions: noncurrent.NewerNoncurrentVersions,
        noncurrentDays: noncurrent.NoncurrentDays,
      }),
    noncurrentVersionTransitions: list(
      rule.NoncurrentVersionTransitions?.map((item) =>
        given({
          newerNoncurrentVersions: item.NewerNoncurrentVersions,
          noncurrentDays: item.NoncurrentDays,
          storageClass: item.StorageClass,
        }),
      ),
    ),
    prefix: (rule as { Prefix?: string }).Prefix ?? "",
    status: rule.Status,
    transitions: list(
      rule.Transitions?.map((item) =>
        given({
          date: item.Date?.toISOString(),
          days: item.Days ?? 0,
          storageClass: item.StorageClass,
        }),
      ),
    ),
  });
  return isObject(result) ? result : {};
}
