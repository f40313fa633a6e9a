/**
 * What the program needs to know of a platform: the plain half goes to the stack file as it is, the
 * secret half is encrypted by the Pulumi CLI. The embedded platform writes one; `--platform <file>`
 * reads one for a cluster that exists.
 */
export interface StackValues {
  readonly environment: Record<string, unknown>;
  /** Secret config keys and their values; never logged, never in argv. */
  readonly secrets: Record<string, string>;
}
