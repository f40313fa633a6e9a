import type { BridgedResource } from "../shared/bridged/schema.ts";
import { UserError } from "../shared/provider.ts";
import type { Properties } from "../shared/values.ts";
import type { Iam } from "./iam.ts";
import { text } from "./inputs.ts";
import { asDocument, inWordsOf, notJson, samePolicy } from "./policyDocument.ts";
import { call, find } from "./serviceErrors.ts";

const split = (id: string): { RoleName: string; PolicyName: string } => {
  const [RoleName = "", PolicyName = ""] = id.split(":");
  if (PolicyName === "") throw new UserError(`"${id}" is no id of a role's policy: <role>:<name>`);
  return { RoleName, PolicyName };
};

/** An inline policy of a role. Its id is `<role>:<name>`. */
export function rolePolicy(service: () => Promise<Iam>): BridgedResource {
  const of = (id: string): string =>
    `policy "${split(id).PolicyName}" of role "${split(id).RoleName}"`;
  const read = async (id: string, known: Properties): Promise<Properties | undefined> => {
    const iam = await service();
    const found = await find(iam, `can't read ${of(id)}`, ["NoSuchEntity"], () =>
      iam.client.send(new iam.sdk.GetRolePolicyCommand(split(id))),
    );
    if (!found) return undefined;
    return {
      name: split(id).PolicyName,
      namePrefix: "",
      policy: inWordsOf(text(known, "policy"), decodeURIComponent(found.PolicyDocument ?? "")),
      role: split(id).RoleName,
    };
  };
  const write = async (inputs: Properties): Promise<{ id: string; state: Properties }> => {
    const iam = await service();
    const [RoleName, PolicyName, PolicyDocument] = [
      text(inputs, "role"),
      text(inputs, "name"),
      text(inputs, "policy"),
    ];
    const id = `${RoleName}:${PolicyName}`;
    await call(iam, `can't set ${of(id)}`, () =>
      iam.client.send(new iam.sdk.PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument })),
    );
    return { id, state: (await read(id, inputs)) ?? inputs };
  };
  return {
    framework: "sdk",
    properties: {
      name: { type: "string", computed: true, replaces: true, autoname: { maxLength: 128 } },
      namePrefix: {
        type: "string",
        computed: true,
        replaces: true,
        validate: () => "not supported by the stand-in plugin: give `name`",
      },
      policy: { type: "string", required: true, same: samePolicy, validate: notJson },
      role: { type: "string", required: true, replaces: true },
    },
    prepare: (inputs) => asDocument(inputs, "policy"),
    create: ({ inputs }) => write(inputs),
    read: async (_context, id, known) => {
      const state = await read(id, known);
      return state && { state };
    },
    update: async ({ inputs }) => (await write(inputs)).state,
    delete: async (_context, id) => {
      const iam = await service();
      await find(iam, `can't remove ${of(id)}`, ["NoSuchEntity"], () =>
        iam.client.send(new iam.sdk.DeleteRolePolicyCommand(split(id))),
      );
    },
  };
}
