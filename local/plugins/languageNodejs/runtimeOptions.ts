// `runtime.options` of Pulumi.yaml, PulumiPolicy.yaml or PulumiPlugin.yaml.
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";

export interface RuntimeOptions {
  /**
   * Load through ts-node (type checking). The official default is true; this project says false and
   * uses Node's type stripping.
   */
  typescript: boolean;
  tsconfig: string | undefined;
  nodeArguments: string[];
  packageManager: string;
}

export function runtimeOptions(struct: Struct | undefined): RuntimeOptions {
  const options = (struct?.toJavaScript() ?? {}) as Record<string, unknown>;
  const text = (key: string): string | undefined =>
    typeof options[key] === "string" && options[key] !== "" ? options[key] : undefined;
  return {
    typescript: options["typescript"] !== false,
    tsconfig: text("tsconfig"),
    nodeArguments: text("nodeargs")?.split(/\s+/).filter(Boolean) ?? [],
    packageManager: text("packagemanager") ?? "npm",
  };
}
