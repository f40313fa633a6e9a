// The arguments of the provider resource (`new k8s.Provider(...)`), checked and made into one
// settings value.
import { UserError } from "../shared/provider.ts";
import type { CheckFailure } from "../shared/provider.ts";
import { reveal } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";

export interface Settings {
  /** Path or content; empty: $KUBECONFIG or ~/.kube/config. */
  kubeconfig: string;
  context: string;
  cluster: string;
  namespace: string;
  secretsMutable: boolean;
  configMapsMutable: boolean;
  patchForce: boolean;
  upsert: boolean;
  deleteUnreachable: boolean;
  skipUpdateUnreachable: boolean;
}

const variables: Record<string, string> = {
  deleteUnreachable: "PULUMI_K8S_DELETE_UNREACHABLE",
  enableConfigMapMutable: "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
  enablePatchForce: "PULUMI_K8S_ENABLE_PATCH_FORCE",
  enableSecretMutable: "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
  enableServerSideApply: "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
  skipUpdateUnreachable: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
  upsertExistingObjects: "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
};

function string(args: Properties, name: string): string {
  const value = reveal(args[name]);
  return typeof value === "string" ? value : "";
}

// The SDK sends every argument that is no string as JSON text.
function flag(args: Properties, name: string, fallback = false): boolean {
  const given = reveal(args[name]) ?? process.env[variables[name] ?? ""];
  return given === undefined || given === "" ? fallback : given === true || given === "true";
}

const onlyOfficial =
  "is only possible with the official plugin, which this stand-in takes the place of";

export function configFailures(args: Properties): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (!flag(args, "enableServerSideApply", true)) {
    failures.push({
      property: "enableServerSideApply",
      reason: `client-side apply ${onlyOfficial}`,
    });
  }
  if (string(args, "renderYamlToDirectory") !== "") {
    failures.push({
      property: "renderYamlToDirectory",
      reason: `rendering to files ${onlyOfficial}`,
    });
  }
  return failures;
}

export function settingsFrom(args: Properties): Settings {
  const [failure] = configFailures(args);
  if (failure) throw new UserError(`kubernetes provider: ${failure.property}: ${failure.reason}`);
  return {
    kubeconfig: string(args, "kubeconfig"),
    context: string(args, "context"),
    cluster: string(args, "cluster"),
    namespace: string(args, "namespace"),
    secretsMutable: flag(args, "enableSecretMutable"),
    configMapsMutable: flag(args, "enableConfigMapMutable"),
    patchForce: flag(args, "enablePatchForce"),
    upsert: flag(args, "upsertExistingObjects"),
    deleteUnreachable: flag(args, "deleteUnreachable"),
    skipUpdateUnreachable: flag(args, "skipUpdateUnreachable"),
  };
}
