import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { Declared } from "../recording.ts";
import { renamed } from "../renamed.ts";

// A flat program: the very resources that the composed one declared for one instance, declared
// again for each by a loop, with the SDK's own classes and no component. The setting and the pause
// between two instances are those of program/index.ts and program/deploy.ts.
(Error as { prepareStackTrace?: unknown }).prepareStackTrace = undefined;

/** How the engine marks what is secret, and what is not known yet. */
const signature = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

type Class = new (
  name: string,
  inputs: Record<string, unknown>,
  options: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** The SDK's class of a type, from the module of that resource alone. */
async function classOf(type: string): Promise<Class> {
  const [pkg = "", place = "", name = ""] = type.split(":");
  if (pkg === "pulumi")
    return ((await import(`@pulumi/${name}/provider.js`)) as { Provider: Class }).Provider;
  const folder =
    pkg === "kubernetes"
      ? `${place.replace(".k8s.io", "")}/`
      : place.startsWith("index/")
        ? ""
        : `${place.split("/")[0]}/`;
  return (
    (await import(`@pulumi/${pkg}/${folder}${lowerFirst(name)}.js`)) as Record<string, Class>
  )[name]!;
}

const config = new pulumi.Config();
const names = config.requireObject<string[]>("names");
const recorded = config.require("instance");
const text = readFileSync(config.require("recording"), "utf8");
const template = JSON.parse(text) as Declared[];
const classes = new Map<string, Class>();
for (const { type } of template) classes.set(type, await classOf(type));

/**
 * A value as a program would have it: what is secret is a secret, and what is not known comes from
 * a resource that it depends on.
 */
function revive(value: unknown, later: pulumi.Output<string>): unknown {
  if (value === unknown) return later;
  if (Array.isArray(value)) return value.map((each) => revive(each, later));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[signature] === secretMark) return pulumi.secret(revive(fields["value"], later));
  return Object.fromEntries(
    Object.entries(fields).map(([key, each]) => [key, revive(each, later)]),
  );
}

function inputOf(value: unknown, needed: readonly pulumi.CustomResource[]): unknown {
  const [first] = needed as [pulumi.CustomResource];
  const hasUnknown = JSON.stringify(value).includes(unknown);
  return pulumi
    .all(needed.map(({ urn, id }) => (hasUnknown ? id : urn)))
    .apply(() => revive(value, first.id));
}

/** A provider's class writes its inputs as JSON. */
function beforeJson(value: unknown): unknown {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return value;
  }
}

const versionOf = ({ version }: Declared["inputs"]): { version?: string } =>
  typeof version === "string" ? { version } : {};

function declare(all: readonly Declared[], made: Map<string, pulumi.CustomResource>): void {
  const find = (name: string) => made.get(name)!;
  for (const { type, name, inputs, provider, inputDependencies, after, options } of all) {
    const args = Object.fromEntries(
      Object.entries(inputs).map(([key, value]) => {
        if (provider === undefined) return [key, revive(beforeJson(value), pulumi.output(""))];
        const needed = (inputDependencies[key] ?? []).map(find);
        return [
          key,
          needed.length === 0 ? revive(value, pulumi.output("")) : inputOf(value, needed),
        ];
      }),
    );
    // The composed program chooses the version of a provider's plugin; the SDK's class has another.
    const given = provider === undefined ? versionOf(inputs) : { provider: find(provider) };
    made.set(
      name,
      new (classes.get(type)!)(name, args, { ...given, dependsOn: after.map(find), ...options }),
    );
  }
}

const shared = new Map<string, pulumi.CustomResource>();
const isShared = ({ type }: Declared): boolean => type.startsWith("pulumi:providers:");
declare(template.filter(isShared), shared);
for (const name of names) {
  declare(
    JSON.parse(
      renamed(JSON.stringify(template.filter((each) => !isShared(each))), recorded, name),
    ) as Declared[],
    new Map(shared),
  );
  await setImmediate();
}
