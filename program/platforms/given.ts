import type { Input } from "@pulumi/pulumi";

// What an instance is given that stands in no file: secrets, and where its database server answers.

/** The key of a user of the object store. */
export interface KeyPair {
  /** Part of the bucket's policy, which has to be readable. */
  readonly accessKeyId: string;
  readonly secretAccessKey: Input<string>;
  /** The user as the store's policies write it, where that doesn't follow from the key. */
  readonly principal?: string;
}

/**
 * An instance's own key, and that of its maintenance jobs where the store gives a bucket more than
 * one user.
 */
export interface StoreKey extends KeyPair {
  readonly maintenance?: KeyPair;
  /** The users of before, as the store's policies write them, while pods still use their keys. */
  readonly former?: readonly string[];
}

/** The same for every instance. */
export interface GivenToAll {
  /** Known only after it is made, where the environment makes it. */
  readonly database: { readonly host: Input<string>; readonly port: number };
  /** The certificate that an environment holds itself. */
  readonly certificate?: { readonly pem: Input<string>; readonly privateKey: Input<string> };
  /** Login to a private image registry. */
  readonly imagePullSecret?: Input<string> | undefined;
}

export interface Given extends GivenToAll {
  /** The instance's users of the object store; on AWS it has roles instead. */
  readonly key?: StoreKey | undefined;
}

const unknown = "known at the update";

/** In the place of it all, where files are only checked: no check looks into any of it. */
export const nothingGiven: Given = {
  database: { host: "postgresql.invalid", port: 5432 },
  key: { accessKeyId: unknown, secretAccessKey: unknown },
  certificate: { pem: unknown, privateKey: unknown },
};
