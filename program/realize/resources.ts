import type * as pulumi from "@pulumi/pulumi";

/** What an environment gives to its instances besides plain values. */
export interface Resources {
  /** One for each system, always named, never an ambient one. */
  readonly providers: pulumi.ProviderResource[];
  /**
   * Where the database server answers; known only after it is made, where the environment makes it.
   */
  readonly database: { readonly host: pulumi.Input<string>; readonly port: number };
}
