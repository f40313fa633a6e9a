import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { objectStorePluginVersion } from "@mlflow-instances/components/internal";
import { stringify } from "yaml";
import { withoutSecrets, type Registration } from "../support/mocks.ts";
import type { EnvironmentName } from "./environments.ts";
import { registered } from "./registered.ts";

/** Where the goldens of an environment lie. */
export const goldenFolder = (environment: string): string => join(import.meta.dirname, environment);

/**
 * The instance that is shown whole; of the others, which are made by the same code, what their
 * files decide.
 */
const shownWhole = "fraud-detector";

/**
 * What an environment stands for: `platform.yaml` has its providers and what its instances share,
 * and there is a text for each instance, with all its values, its outputs and its resources. It
 * shows what a change of code does to every environment. Secrets are masked by their envelopes, so
 * a secret that lost its envelope shows up as a value here.
 */
export async function dump(name: EnvironmentName): Promise<Map<string, string>> {
  const { instances, outputs, providers, registrations } = await registered(name);
  const ofInstance = (instance: string) =>
    registrations.filter((each) => each.name === instance || each.name.startsWith(`${instance}-`));
  const owned = new Set(instances.flatMap((instance) => ofInstance(instance.name)));
  const shared = registrations.filter((each) => !owned.has(each));
  return new Map([
    [
      "platform.yaml",
      text({ providers: inOrder(providers).map(shown), registrations: inOrder(shared).map(shown) }),
    ],
    ...instances.map(({ name: instance, resolved }): [string, string] => {
      const mine = inOrder(ofInstance(instance));
      const parts =
        instance === shownWhole
          ? { registrations: mine.map(shown) }
          : { resources: mine.map((registration) => `${registration.type} ${registration.name}`) };
      return [
        `${instance}.yaml`,
        text({ instance: resolved, outputs: outputs.instances[instance], ...parts }),
      ];
    }),
  ]);
}

const text = (value: object): string =>
  withoutCertificates(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));

// Those of Amazon are three pages that nobody reads; whose they are can be read.
const withoutCertificates = (yaml: string): string =>
  yaml.replace(
    /( *)-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
    (block, indent: string) => {
      const pem = block.replace(/^ +/gm, "");
      return (
        indent +
        (pem.length < 200
          ? pem.replaceAll("\n", " ")
          : `[certificate ${new X509Certificate(pem).subject.replaceAll("\n", ", ")}]`)
      );
    },
  );

// In the order of names: that in which outputs resolve is not a property of the program.
const inOrder = (registrations: readonly Registration[]): Registration[] =>
  registrations.toSorted((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1));

/** Registrations without what differs from run to run, and with parents and providers by name. */
function shown(registration: Registration): object {
  const {
    type,
    name,
    custom,
    sealed,
    parent,
    version,
    provider,
    protect,
    retainOnDelete,
    replaceOnChanges,
    ignoreChanges,
    dependencies,
    aliases,
  } = registration;
  return {
    resource: `${type} ${name}`,
    ...(type.startsWith("pulumi:providers:")
      ? {}
      : { parent: nameIn(parent), ...(custom ? { provider: provider.split("::")[3] } : {}) }),
    ...(aliases.length > 0
      ? {
          formerly: aliases.map((alias) =>
            alias.parent === "" ? alias.type : `below ${nameIn(alias.parent)}`,
          ),
        }
      : {}),
    ...(version === objectStorePluginVersion ? { version } : {}),
    ...(protect ? { protect } : {}),
    ...(retainOnDelete ? { retainOnDelete } : {}),
    ...(replaceOnChanges.length > 0 ? { replaceOnChanges } : {}),
    ...(ignoreChanges.length > 0 ? { ignoreChanges } : {}),
    ...(dependencies.length > 0
      ? { dependsOn: [...new Set(dependencies.map(nameIn))].sort() }
      : {}),
    ...(custom ? { inputs: withoutSecrets(sealed) } : {}),
  };
}

// `urn:pulumi:stack::project::package:module:Type::name[::id]`
function nameIn(urn: string): string {
  const [, , type, name] = urn.split("::");
  return type === undefined || name === undefined
    ? "the stack"
    : `${type.split(":").at(-1)} ${name}`;
}
