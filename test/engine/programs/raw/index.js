import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";

// What somebody writes who has never heard of our components: one resource after the other.
const resources = JSON.parse(readFileSync(process.env.RAW_RESOURCES, "utf8"));
const providerType = "pulumi:providers:";
const providers = new Map();

for (const { type, name, inputs, provider, ...options } of resources) {
  if (type.startsWith(providerType))
    providers.set(name, new pulumi.ProviderResource(type.slice(providerType.length), name, inputs));
  else
    new pulumi.CustomResource(type, name, inputs, {
      ...options,
      provider: providers.get(provider),
    });
}
