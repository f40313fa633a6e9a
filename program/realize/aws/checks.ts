import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../../environment/environment.ts";
import { factsOf } from "../../platforms/index.ts";
import type { AwsPlatform, ClusterByName, EndpointService } from "../../platforms/aws/schema.ts";
import { awsWords, clientOf, type ClientSettings } from "../../preflight/awsClient.ts";
import { bucketsCheck } from "../../preflight/buckets.ts";
import { Faults, Reason, wordsFor, type Asked, type Check } from "../../preflight/check.ts";
import { eksContext } from "../../preflight/eksCluster.ts";
import { askCluster, kubernetesCheck } from "../../preflight/kubernetes.ts";
import { postgresqlCheck } from "../../preflight/postgresql.ts";
import type { Probe } from "../../preflight/probes.ts";

/**
 * What is asked of an account of AWS. Nothing else is asked of it before its credentials are known
 * to be right: they would all fail alike.
 */
export function awsChecks(environment: Environment, platform: AwsPlatform, asked: Asked): Check[] {
  const { kubernetes, ingress, database } = platform;
  const facts = factsOf(platform);
  const ca = facts.storeAuthorities();
  const client = (service: EndpointService) => clientOf(platform, service, ca);
  const whereIs = (service: EndpointService) =>
    platform.artifactStore?.endpoints?.[service] ?? platform.region;
  const buckets = bucketsCheck(asked, {
    config: {
      ...client("s3"),
      ...(platform.artifactStore?.endpoints?.s3 === undefined ? {} : { forcePathStyle: true }),
    },
    accountId: platform.accountId,
    prefixPath: "platform.artifactStore.bucketPrefix",
  });
  const account: Check = {
    what: `AWS${platform.profile === undefined ? "" : ` with profile ${platform.profile}`}`,
    where: whereIs("sts"),
    path: platform.profile === undefined ? "platform.accountId" : "platform.profile",
    async run(probe) {
      const role = await askAccount(platform, client("sts"), probe);
      return [
        ...(role === undefined
          ? []
          : [roleCheck(role, platform.adminRoleArns, whereIs("iam"), client("iam"))]),
        { what: "S3", where: whereIs("s3"), path: "platform.artifactStore", run: buckets },
        ...(ingress.dnsZoneId === undefined
          ? []
          : [zoneCheck(environment.domain, ingress.dnsZoneId, client("route53"))]),
        ...(kubernetes.clusterName === undefined
          ? []
          : [eksCheck(kubernetes, platform, client("eks"), asked)]),
      ];
    },
  };
  return [
    account,
    ...(kubernetes.clusterName === undefined
      ? [kubernetesCheck(kubernetes, { ingress, asked })]
      : []),
    ...(database.rds === undefined
      ? [
          postgresqlCheck(database.given, {
            path: "platform.database.given",
            ca: facts.databaseAuthorities(),
            password: asked.secretText("postgresqlAdminPassword"),
            asked,
          }),
        ]
      : []),
  ];
}

/**
 * Whose credentials these are, and whether they are good for this environment. Gives the role's
 * name, where it is an administrator's.
 */
async function askAccount(
  platform: AwsPlatform,
  settings: ClientSettings,
  { signal }: Probe,
): Promise<string | undefined> {
  const { accountId, profile, adminRoleArns } = platform;
  const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
  const client = new STSClient(settings);
  const who =
    profile === undefined
      ? "the credentials of this shell"
      : `the credentials of profile ${profile}`;
  let identity: { Account?: string | undefined; Arn?: string | undefined };
  try {
    identity = await client.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  } catch (error) {
    throw credentialWords(error, who, profile);
  } finally {
    client.destroy();
  }
  if (identity.Account !== accountId)
    throw new Reason(
      `${who} are for account ${identity.Account}, but the environment is in ${accountId}`,
    );

  const role = roleOfSession(identity.Arn ?? "");
  if (adminRoleArns.some((arn) => arn.split("/").at(-1) === role)) return role;
  lockedOut(`${who} are of ${identity.Arn}, which is not among adminRoleArns`);
  return undefined;
}

// Who only looks, such as the pipeline of a pull request, need not be an administrator.
function lockedOut(who: string): void {
  const words = `${who}: the buckets refuse it, also for the next update`;
  if (pulumi.runtime.isDryRun()) void pulumi.log.warn(`platform.adminRoleArns: ${words}`);
  else
    throw new Faults([
      { text: `AWS (platform.adminRoleArns): ${words}`, path: "platform.adminRoleArns" },
    ]);
}

/**
 * Whether the path of an administrator's role is right: a session's ARN leaves it out, and a
 * bucket's policy compares all of the role's.
 */
const roleCheck = (
  name: string,
  adminRoleArns: readonly string[],
  where: string,
  settings: ClientSettings,
): Check => ({
  what: `The role ${name}`,
  where,
  path: "platform.adminRoleArns",
  async run({ signal }) {
    const { GetRoleCommand, IAMClient } = await import("@aws-sdk/client-iam");
    const client = new IAMClient(settings);
    let arn: string | undefined;
    try {
      arn = (await client.send(new GetRoleCommand({ RoleName: name }), { abortSignal: signal }))
        .Role?.Arn;
    } catch (error) {
      return `Whether adminRoleArns has the role ${name} with its path was not checked: ${wordsFor(awsWords(error))}.`;
    } finally {
      client.destroy();
    }
    if (arn !== undefined && !adminRoleArns.includes(arn))
      lockedOut(`the role ${name} is ${arn}, which is not among adminRoleArns`);
    return undefined;
  },
});

/** Name of the role behind a session; a session's ARN leaves out the role's path. */
const roleOfSession = (arn: string): string | undefined =>
  /^arn:[a-z-]+:sts::[0-9]{12}:assumed-role\/([^/]+)\//.exec(arn)?.[1];

const expired = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "RequestExpired",
  "TokenRefreshRequired",
]);
const refused = new Set([
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "SignatureDoesNotMatch",
  "AuthFailure",
]);

function credentialWords(error: unknown, who: string, profile: string | undefined): Error {
  const { name = "", message = "" } = error as Error;
  const renew =
    profile === undefined
      ? "log in again, or let the pipeline ask for new ones"
      : `log in again, for example \`aws sso login --profile ${profile}\``;
  if (expired.has(name) || /expired|SSO session/i.test(message))
    return new Reason(`${who} have expired; ${renew}`);
  if (refused.has(name))
    return new Reason(`${who} are not known to AWS (${name}); were they removed, or mistyped?`);
  if (/^(CredentialsProviderError|TokenProviderError|ProviderError)$/.test(name)) {
    const missing =
      profile === undefined
        ? "there are none in this shell"
        : `there are none for the profile ${profile}`;
    return new Reason(`${missing}; set platform.profile, or ${renew}`);
  }
  return awsWords(error);
}

/** Whether the environment's domain is in the zone that its records go to. */
const zoneCheck = (domain: string, zone: string, settings: ClientSettings): Check => ({
  what: `The DNS zone ${zone}`,
  where: "Route 53",
  path: "platform.ingress.dnsZoneId",
  async run({ signal }) {
    const { GetHostedZoneCommand, Route53Client } = await import("@aws-sdk/client-route-53");
    const client = new Route53Client(settings);
    try {
      const { HostedZone } = await client.send(new GetHostedZoneCommand({ Id: zone }), {
        abortSignal: signal,
      });
      const name = (HostedZone?.Name ?? "").replace(/\.$/, "");
      if (domain !== name && !domain.endsWith(`.${name}`))
        throw new Reason(`it is ${name}, and the domain ${domain} is not in it`);
    } catch (error) {
      throw (error as Error).name === "NoSuchHostedZone"
        ? new Reason("there is no such zone in this account")
        : awsWords(error);
    } finally {
      client.destroy();
    }
  },
});

/** Whether the cluster is there, answers, takes us in and knows the ingress class. */
const eksCheck = (
  { clusterName }: ClusterByName,
  platform: AwsPlatform,
  settings: ClientSettings,
  asked: Asked,
): Check => ({
  what: `The EKS cluster ${clusterName}`,
  where: platform.region,
  path: "platform.kubernetes.clusterName",
  run: async (probe) => {
    const context = await eksContext(clusterName, platform, settings, probe.signal);
    return askCluster(context, { ingress: platform.ingress, asked }, probe);
  },
});
