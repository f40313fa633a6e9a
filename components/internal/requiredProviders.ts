import * as pulumi from "@pulumi/pulumi";

const ofInstance = ["kubernetes", "aws", "postgresql", "random"];

/**
 * The package of a provider: the SDK asks providers for it, but leaves the method out of its types.
 */
function packageOf(provider: pulumi.ProviderResource): string {
  return (provider as pulumi.ProviderResource & { getPackage(): string }).getPackage();
}

/** Packages for which neither the options nor the parent name a provider. */
export function missingProviders(
  options: pulumi.ComponentResourceOptions,
  required = ofInstance,
): string[] {
  const given = options.providers ?? {};
  const packages = new Set(Array.isArray(given) ? given.map(packageOf) : Object.keys(given));
  if (options.provider !== undefined) packages.add(packageOf(options.provider));
  return required.filter(
    (name) => !packages.has(name) && options.parent?.getProvider(`${name}::`) === undefined,
  );
}

/**
 * Without an explicit provider Pulumi would use the ambient kubeconfig or AWS account: an instance
 * in the wrong cluster is worse than an error.
 */
export function requireProviders(name: string, options: pulumi.ComponentResourceOptions): void {
  refuse(`MLflow instance "${name}"`, missingProviders(options));
}

/** The same for a database server, which is made in AWS only. */
export function requireAwsProvider(name: string, options: pulumi.ComponentResourceOptions): void {
  refuse(`Database server "${name}"`, missingProviders(options, ["aws"]));
}

function refuse(component: string, missing: string[]): void {
  if (missing.length === 0) return;
  throw new pulumi.InputPropertiesError({
    message: `${component} has no provider for ${missing.join(", ")}: pass it in the option \`providers\``,
    errors: missing.map((provider) => ({
      propertyPath: `providers.${provider}`,
      reason: "must be passed in the option `providers`",
    })),
  });
}
