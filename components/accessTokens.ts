import * as pulumi from "@pulumi/pulumi";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import type { AccessToken } from "./mlflowInstanceArgs.ts";
import { Component, labelsOf, type Identity } from "./internal/labels.ts";
import { logicalName, objectNames, tokenLogicalName } from "./internal/names.ts";
import { childrenOf } from "./internal/options.ts";
import { tokenKey } from "./internal/podParts.ts";
import {
  tokenFile,
  tokenRandomLength,
  tokensAnnotation,
  tokensInPlain,
  tokenText,
} from "./internal/tokenFile.ts";

export interface AccessTokensArgs {
  identity: Identity;
  namespace: pulumi.Input<string>;
  tokens: readonly AccessToken[];
}

/** An access token as its owner gets it. */
export interface IssuedToken {
  /** The token itself; a secret. */
  value: pulumi.Output<string>;
  /** What its holder may do. */
  role: string;
  /** Last day on which it is valid, `YYYY-MM-DD` in UTC. */
  expires: string;
}

/** The generation of every token; raising it is the way to rotate one. */
const generation = 1;

/** The declared tokens: their values for the owner, their hashes for the server. */
export class AccessTokens {
  /** The issued tokens by name. */
  readonly tokens: Record<string, IssuedToken>;
  /** The secret that the server reads. */
  readonly fences: pulumi.Resource[];

  constructor(name: string, args: AccessTokensArgs, instance: pulumi.Resource) {
    const child = childrenOf(instance, "AccessTokens");
    // A password and neither RandomString nor RandomBytes: their ids are their values, and ids are
    // never encrypted.
    const issued = args.tokens.map((token) => {
      const random = new RandomPassword(
        tokenLogicalName(name, token.name, generation),
        { length: tokenRandomLength, special: false },
        child(),
      );
      return { ...token, text: pulumi.secret(random.result.apply(tokenText)) };
    });
    this.tokens = Object.fromEntries(
      issued.map((token) => [
        token.name,
        { value: token.text, role: token.role, expires: token.expires },
      ]),
    );

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
          annotations: { [tokensAnnotation]: tokensInPlain(args.tokens) },
        },
        stringData: {
          // Hashes of 238-bit values give nothing away, yet there is no reason to show them.
          [tokenKey]: pulumi.secret(
            pulumi.all(issued.map((token) => token.text)).apply((texts) =>
              tokenFile(
                args.tokens.map(({ name: tokenName, role, expires }, index) => ({
                  name: tokenName,
                  role,
                  expires,
                  text: texts[index] ?? "",
                })),
              ),
            ),
          ),
        },
      },
      child(),
    );
    this.fences = [hashes];
  }
}
