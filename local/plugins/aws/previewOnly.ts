// Resources that only AWS can make. A preview shows them, so that policy packs see them; a real
// create says why it can't be.
import { UserError } from "../shared/provider.ts";
import type { ResourceHandler } from "../shared/provider.ts";
import { sameValue, unknown } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";

export interface PreviewOnly {
  /** Must be given. */
  required: readonly string[];
  /** Filled in by AWS where they aren't given. */
  outputs: readonly string[];
}

export const previewOnlyResources: Record<string, PreviewOnly> = {
  "aws:rds/instance:Instance": {
    required: ["instanceClass"],
    outputs: [
      "address", "allocatedStorage", "arn", "availabilityZone", "endpoint", "engine", "engineVersionActual", "hostedZoneId", "identifier", "kmsKeyId",
      "masterUserSecrets", "port", "resourceId", "status", "tagsAll", "username",
    ], // prettier-ignore
  },
  "aws:rds/subnetGroup:SubnetGroup": {
    required: ["subnetIds"],
    outputs: ["arn", "name", "supportedNetworkTypes", "tagsAll", "vpcId"],
  },
  "aws:rds/parameterGroup:ParameterGroup": {
    required: ["family"],
    outputs: ["arn", "name", "tagsAll"],
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    required: [],
    outputs: ["arn", "egress", "ingress", "name", "ownerId", "tagsAll", "vpcId"],
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
    required: ["securityGroupId", "ipProtocol"],
    outputs: ["arn", "securityGroupRuleId", "tagsAll"],
  },
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
    required: ["securityGroupId", "ipProtocol"],
    outputs: ["arn", "securityGroupRuleId", "tagsAll"],
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    required: [],
    outputs: ["arn", "logGroupClass", "name", "tagsAll"],
  },
  "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
    required: ["clusterName", "namespace", "roleArn", "serviceAccount"],
    outputs: ["associationArn", "associationId", "disableSessionTags", "externalId", "tagsAll"],
  },
  "aws:route53/record:Record": {
    required: ["name", "type", "zoneId"],
    outputs: ["allowOverwrite", "fqdn"],
  },
};

const what = (type: string): string => type.split(":").at(-1) ?? type;

function refusal(type: string, does: string): UserError {
  return new UserError(
    `${type} is preview-only here: the stand-in plugin can't ${does} a real ${what(type)}, only AWS can (it stands in for the official plugin, which ` +
      `could not be downloaded). Install the official one (pulumi plugin install resource aws) to deploy this environment`,
  );
}

export function previewOnly(type: string, { required, outputs }: PreviewOnly): ResourceHandler {
  const planned = (inputs: Properties): Properties => ({
    ...Object.fromEntries(outputs.map((key) => [key, unknown])),
    ...inputs,
  });
  return {
    check: async ({ news }) => ({
      inputs: news,
      failures: required
        .filter((key) => news[key] === undefined || news[key] === null)
        .map((property) => ({ property, reason: "missing required property" })),
    }),
    diff: async ({ oldInputs, news }) => {
      const keys = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])].sort();
      const diffs = keys.filter((key) => !sameValue(oldInputs[key], news[key]));
      return { changes: diffs.length > 0, diffs };
    },
    create: async ({ preview, inputs }) => {
      if (!preview) throw refusal(type, "make");
      return { id: "", properties: planned(inputs) };
    },
    update: async ({ preview, news }) => {
      if (!preview) throw refusal(type, "change");
      return planned(news);
    },
    read: async () => {
      throw refusal(type, "read");
    },
    delete: async () => {
      throw refusal(type, "delete");
    },
  };
}
