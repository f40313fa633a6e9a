// What the resources that set one thing of a bucket share: id and life follow the bucket.
import type { BridgedResource, PropertySpec } from "../shared/bridged/schema.ts";
import type { Properties } from "../shared/values.ts";
import { text } from "./inputs.ts";
import type { ObjectStore } from "./objectStore.ts";
import { call, find } from "./serviceErrors.ts";

export interface BucketSetting {
  /** For messages: "the policy". */
  noun: string;
  framework: BridgedResource["framework"];
  meta?: string;
  properties: Record<string, PropertySpec>;
  /** Error codes that say "not set". */
  missing: string[];
  owner: boolean;
  validate?: BridgedResource["validate"];
  put(
    store: ObjectStore,
    bucket: string,
    inputs: Properties,
    old: Properties | undefined,
  ): Promise<unknown>;
  /** undefined: not set. */
  get(store: ObjectStore, bucket: string, known: Properties): Promise<Properties | undefined>;
  remove(store: ObjectStore, bucket: string, state: Properties): Promise<unknown>;
}

export function bucketSetting(store: () => ObjectStore, setting: BucketSetting): BridgedResource {
  const of = (name: string): string => `${setting.noun} of bucket "${name}"`;
  const idOf = (inputs: Properties): string =>
    [text(inputs, "bucket"), text(inputs, "expectedBucketOwner")]
      .filter((part) => part !== "")
      .join(",");
  const read = async (name: string, known: Properties): Promise<Properties | undefined> => {
    const found = await find(store(), `can't read ${of(name)}`, setting.missing, () =>
      setting.get(store(), name, known),
    );
    if (!found) return undefined;
    return {
      ...found,
      bucket: name,
      region: store().region,
      ...(setting.owner && { expectedBucketOwner: text(known, "expectedBucketOwner") }),
    };
  };
  const write = async (inputs: Properties, old?: Properties): Promise<Properties> => {
    const name = text(inputs, "bucket");
    await call(store(), `can't set ${of(name)}`, () => setting.put(store(), name, inputs, old));
    return (await read(name, inputs)) ?? inputs;
  };
  return {
    framework: setting.framework,
    ...(setting.meta !== undefined && { meta: setting.meta }),
    ...(setting.validate && { validate: setting.validate }),
    properties: {
      ...setting.properties,
      bucket: { type: "string", required: true, replaces: true },
      ...(setting.owner && {
        expectedBucketOwner: { type: "string" as const, replaces: true as const },
      }),
      region: { type: "string", computed: true, replaces: true },
    },
    create: async ({ inputs }) => ({ id: idOf(inputs), state: await write(inputs) }),
    read: async (_context, id, known) => {
      const [name = "", owner = ""] = id.split(",");
      const state = await read(name, { ...(owner && { expectedBucketOwner: owner }), ...known });
      return state && { state };
    },
    update: async ({ inputs, old }) => write(inputs, old),
    delete: async (_context, _id, state) => {
      const name = text(state, "bucket");
      await find(store(), `can't remove ${of(name)}`, setting.missing, () =>
        setting.remove(store(), name, state),
      );
    },
  };
}
