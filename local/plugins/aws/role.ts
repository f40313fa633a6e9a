import type { Role } from "@aws-sdk/client-iam";
import type { BridgedResource, PropertySpec } from "../shared/bridged/schema.ts";
import { asText, isObject } from "../shared/values.ts";
import type { Properties, Value } from "../shared/values.ts";
import { withDefaultTags } from "./bucketTags.ts";
import type { Connection } from "./connection.ts";
import type { Iam } from "./iam.ts";
import { integer, isEmptyTags, text } from "./inputs.ts";
import { asDocument, inWordsOf, notJson, samePolicy } from "./policyDocument.ts";
import { call, find } from "./serviceErrors.ts";
import { UserError } from "../shared/provider.ts";

const elsewhere = (type: string): PropertySpec => ({
  type: "list",
  computed: true,
  validate: () => `deprecated here and not supported by the stand-in plugin: use aws.iam.${type}`,
});

const properties: BridgedResource["properties"] = {
  arn: { type: "string", output: true },
  assumeRolePolicy: { type: "string", required: true, same: samePolicy, validate: notJson },
  createDate: { type: "string", output: true },
  description: { type: "string" },
  forceDetachPolicies: { type: "boolean", default: false },
  inlinePolicies: elsewhere("RolePolicy"),
  managedPolicyArns: elsewhere("RolePolicyAttachment"),
  maxSessionDuration: { type: "number", default: 3600 },
  name: {
    type: "string",
    computed: true,
    replaces: true,
    autoname: { maxLength: 64 },
    validate: (value) =>
      /^[\w+=,.@-]{1,64}$/.test(asText(value))
        ? undefined
        : `"${asText(value)}" is no role name: 1 to 64 letters, digits and _+=,.@-`,
  },
  namePrefix: {
    type: "string",
    computed: true,
    replaces: true,
    validate: () => "not supported by the stand-in plugin: give `name`",
  },
  path: {
    type: "string",
    default: "/",
    replaces: true,
    validate: (value) =>
      /^\/([!-~]+\/)?$/.test(asText(value))
        ? undefined
        : `"${asText(value)}" does not begin and end with a slash`,
  },
  permissionsBoundary: { type: "string" },
  tags: { type: "map" },
  tagsAll: { type: "map", output: true },
  uniqueId: { type: "string", output: true },
};

const pairs = (tags: Value | undefined): { Key: string; Value: string }[] =>
  isObject(tags) ? Object.entries(tags).map(([Key, value]) => ({ Key, Value: asText(value) })) : [];

/**
 * What RolePolicy sets is not read into the state of the role: it would drift with each of them.
 */
function stateOf(role: Role, known: Properties): Properties {
  const tags = Object.fromEntries(
    (role.Tags ?? []).map(({ Key, Value: value }) => [Key ?? "", value ?? ""]),
  );
  return {
    arn: role.Arn ?? "",
    assumeRolePolicy: inWordsOf(
      text(known, "assumeRolePolicy"),
      decodeURIComponent(role.AssumeRolePolicyDocument ?? ""),
    ),
    createDate: role.CreateDate?.toISOString().replace(".000Z", "Z") ?? "",
    description: role.Description ?? "",
    forceDetachPolicies: known["forceDetachPolicies"] === true,
    maxSessionDuration: role.MaxSessionDuration ?? 3600,
    name: role.RoleName ?? "",
    namePrefix: "",
    path: role.Path ?? "/",
    permissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn ?? "",
    tags: isEmptyTags(tags) ? null : tags,
    tagsAll: tags,
    uniqueId: role.RoleId ?? "",
  };
}

async function readRole(
  { client, sdk, ...service }: Iam,
  name: string,
  known: Properties,
): Promise<Properties | undefined> {
  const found = await find(service, `can't read role "${name}"`, ["NoSuchEntity"], () =>
    client.send(new sdk.GetRoleCommand({ RoleName: name })),
  );
  return found?.Role && stateOf(found.Role, known);
}

async function writeTags(
  { client, sdk }: Iam,
  RoleName: string,
  before: Value | undefined,
  after: Value | undefined,
): Promise<void> {
  const [old, wanted] = [pairs(before), pairs(after)];
  const gone = old.map(({ Key }) => Key).filter((key) => !wanted.some(({ Key }) => Key === key));
  if (gone.length > 0) await client.send(new sdk.UntagRoleCommand({ RoleName, TagKeys: gone }));
  if (wanted.length > 0) await client.send(new sdk.TagRoleCommand({ RoleName, Tags: wanted }));
}

/** An IAM role. Its id is its name. */
export function role(service: () => Promise<Iam>, connection: () => Connection): BridgedResource {
  const stateNow = async (name: string, known: Properties): Promise<Properties> => {
    const state = await readRole(await service(), name, known);
    if (!state) throw new UserError(`role "${name}" is gone again`);
    return state;
  };
  return {
    framework: "sdk",
    properties,
    prepare: (inputs) => withDefaultTags(connection)(asDocument(inputs, "assumeRolePolicy")),
    plan: (inputs) => ({ tagsAll: inputs["tags"] ?? {} }),
    create: async ({ inputs }) => {
      const iam = await service();
      const name = text(inputs, "name");
      const boundary = text(inputs, "permissionsBoundary");
      await call(iam, `can't create role "${name}"`, () =>
        iam.client.send(
          new iam.sdk.CreateRoleCommand({
            RoleName: name,
            Path: text(inputs, "path") || "/",
            AssumeRolePolicyDocument: text(inputs, "assumeRolePolicy"),
            MaxSessionDuration: integer(inputs, "maxSessionDuration"),
            ...(text(inputs, "description") !== "" && { Description: text(inputs, "description") }),
            ...(boundary !== "" && { PermissionsBoundary: boundary }),
            ...(!isEmptyTags(inputs["tags"]) && { Tags: pairs(inputs["tags"]) }),
          }),
        ),
      );
      return { id: name, state: await stateNow(name, inputs) };
    },
    read: async (_context, id, known) => {
      const state = await readRole(await service(), id, known);
      return state && { state };
    },
    update: async ({ id, inputs, old, changed }) => {
      const iam = await service();
      const { client, sdk } = iam;
      await call(iam, `can't change role "${id}"`, async () => {
        if (changed.has("assumeRolePolicy")) {
          const PolicyDocument = text(inputs, "assumeRolePolicy");
          await client.send(
            new sdk.UpdateAssumeRolePolicyCommand({ RoleName: id, PolicyDocument }),
          );
        }
        if (changed.has("description") || changed.has("maxSessionDuration")) {
          const [Description, MaxSessionDuration] = [
            text(inputs, "description"),
            integer(inputs, "maxSessionDuration"),
          ];
          await client.send(
            new sdk.UpdateRoleCommand({ RoleName: id, Description, MaxSessionDuration }),
          );
        }
        if (changed.has("permissionsBoundary")) {
          const PermissionsBoundary = text(inputs, "permissionsBoundary");
          await (PermissionsBoundary === ""
            ? client.send(new sdk.DeleteRolePermissionsBoundaryCommand({ RoleName: id }))
            : client.send(
                new sdk.PutRolePermissionsBoundaryCommand({ RoleName: id, PermissionsBoundary }),
              ));
        }
        if (changed.has("tags")) await writeTags(iam, id, old["tags"], inputs["tags"]);
      });
      return stateNow(id, inputs);
    },
    delete: async (_context, id) => {
      const iam = await service();
      await find(iam, `can't delete role "${id}"`, ["NoSuchEntity"], () =>
        iam.client.send(new iam.sdk.DeleteRoleCommand({ RoleName: id })),
      );
    },
  };
}
