import * as pulumi from "@pulumi/pulumi";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import type { AccessToken } from "./mlflowInstanceArgs.ts";
import { Component, labelsOf, type Identity } from "./internal/labels.ts";
import {
  deliveryLogicalName,
  logicalName,
  objectNames,
  tokenLogicalName,
} from "./internal/names.ts";
import { childrenOf, type Children } from "./internal/options.ts";
import { tokenKey, workloadsKey } from "./internal/podParts.ts";
import {
  credentialsFile,
  tokenFile,
  tokenRandomLength,
  tokensAnnotation,
  tokensInPlain,
  tokenText,
} from "./internal/tokenFile.ts";
import { workloadsAnnotation, workloadsFile, workloadsInPlain } from "./internal/workloadsFile.ts";
import type { TokenIssuer, Workload } from "./workloadSettings.ts";

export interface AccessTokensArgs {
  identity: Identity;
  namespace: pulumi.Input<string>;
  tokens: readonly AccessToken[];
  workloads: readonly Workload[];
  /** Those of the workloads. */
  issuers: readonly TokenIssuer[];
  trackingUri: string;
}

/** An access token as its owner gets it. */
export interface IssuedToken {
  /** The token itself; a secret. */
  value: pulumi.Output<string>;
  /** What its holder may do. */
  role: string;
  /** Last day on which it is valid, `YYYY-MM-DD` in UTC. */
  expires: string;
  /** Which value of the token this is; raising it in the arguments makes a new one. */
  generation: number;
  /** Day on which the value was made, `YYYY-MM-DD` in UTC; empty where that is not known. */
  created: string;
  /** Last day on which the value before is valid too, `YYYY-MM-DD` in UTC; empty where none is. */
  previousValidUntil: string;
}

/** One value of a token, with what its holder may do. */
interface Issued {
  readonly name: string;
  readonly role: string;
  readonly generation: number;
  readonly expires: string;
  readonly created: string | undefined;
  readonly text: pulumi.Output<string>;
}

/** The declared tokens: their values for the owner, their hashes for the server. */
export class AccessTokens {
  /** The issued tokens by name. */
  readonly tokens: Record<string, IssuedToken>;
  /** The secret that the server reads. */
  readonly fences: pulumi.Resource[];

  constructor(name: string, args: AccessTokensArgs, instance: pulumi.Resource) {
    const child = childrenOf(instance, "AccessTokens");
    const issued = args.tokens.map((token) => generationsOf(name, token, child));
    this.tokens = Object.fromEntries(issued.map((values) => [values[0].name, asOwned(values)]));

    const all = issued.flat();
    const { workloads } = args;
    const values = all.map(({ text: _, ...value }) => value);
    const hashes = new Secret(
      logicalName(name, "tokenHashes"),
      {
        // A fixed name, unlike every other secret here: the server re-reads the mounted file, so
        // issuing or revoking a token must change this object in place. With an automatic name each
        // change would restart the server.
        metadata: {
          name: objectNames.tokenHashes,
          namespace: args.namespace,
          labels: labelsOf(args.identity, Component.AccessTokens),
          annotations: {
            [tokensAnnotation]: tokensInPlain(values),
            ...(workloads.length === 0
              ? {}
              : { [workloadsAnnotation]: workloadsInPlain(workloads) }),
          },
        },
        stringData: {
          // Hashes of 238-bit values give nothing away, yet there is no reason to show them.
          [tokenKey]: pulumi.secret(
            pulumi
              .all(all.map(({ text }) => text))
              .apply((texts) =>
                tokenFile(values.map((value, index) => ({ ...value, text: texts[index] ?? "" }))),
              ),
          ),
          ...(workloads.length === 0
            ? {}
            : { [workloadsKey]: workloadsFile(args.trackingUri, workloads, args.issuers) }),
        },
      },
      child(),
    );
    this.fences = [hashes];
    args.tokens.forEach((token, index) => {
      if (token.deliverTo !== undefined) deliver(name, token, issued[index]![0].text, args, child);
    });
  }
}

/** Its labels are not those of the tokens' own Secret, and its name is fixed, since pods mount it. */
function deliver(
  instance: string,
  { name, deliverTo }: AccessToken,
  text: pulumi.Output<string>,
  { identity, trackingUri }: AccessTokensArgs,
  child: Children,
): void {
  new Secret(
    deliveryLogicalName(instance, name),
    {
      metadata: { ...deliverTo, labels: labelsOf(identity, Component.TokenDelivery) },
      stringData: {
        credentials: pulumi.secret(text.apply((value) => credentialsFile(name, value))),
        "tracking-uri": trackingUri,
      },
    },
    child(),
  );
}

/** The present value of a token, and the one before it while that is valid too. */
function generationsOf(
  instance: string,
  token: AccessToken,
  child: Children,
): [Issued, ...Issued[]] {
  const { name, role, expires, generation = 1, previousValidUntil: until } = token;
  const issue = (value: Pick<Issued, "generation" | "expires" | "created">): Issued => {
    // A password and neither RandomString nor RandomBytes: their ids are their values, and ids are
    // never encrypted.
    const random = new RandomPassword(
      tokenLogicalName(instance, name, value.generation),
      { length: tokenRandomLength, special: false },
      child(),
    );
    return { name, role, ...value, text: pulumi.secret(random.result.apply(tokenText)) };
  };
  return [
    issue({ generation, expires, created: token.created }),
    ...(until === undefined
      ? []
      : [issue({ generation: generation - 1, expires: until, created: token.previousCreated })]),
  ];
}

const asOwned = ([now, before]: readonly [Issued, ...Issued[]]): IssuedToken => ({
  value: now.text,
  role: now.role,
  expires: now.expires,
  generation: now.generation,
  created: now.created ?? "",
  previousValidUntil: before?.expires ?? "",
});
