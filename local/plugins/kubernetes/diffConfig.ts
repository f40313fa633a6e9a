// A change of the provider's arguments: another cluster replaces everything in it, any other change
// nothing.
import type { DiffRequest, DiffResult } from "../shared/provider.ts";
import { reveal, sameValue, Unknown } from "../shared/values.ts";
import type { Properties } from "../shared/values.ts";
import { loadCluster } from "./kubeconfig.ts";

const identity = ["kubeconfig", "context", "cluster"];
const ignored = new Set(["version", "__internal", "pluginDownloadURL"]);

function text(args: Properties, name: string): string {
  const value = reveal(args[name]);
  return typeof value === "string" ? value : "";
}

/** What tells one cluster from another in a kubeconfig; undefined when it can't be read. */
async function activeCluster(args: Properties): Promise<string | undefined> {
  try {
    const { config } = await loadCluster({
      kubeconfig: text(args, "kubeconfig"),
      context: text(args, "context"),
      cluster: text(args, "cluster"),
      namespace: "",
    });
    return JSON.stringify(config.getCurrentCluster());
  } catch {
    return undefined;
  }
}

export async function diffProvider(
  request: Pick<DiffRequest, "olds" | "news">,
): Promise<DiffResult> {
  const { olds, news } = request;
  const diffs = [...new Set([...Object.keys(olds), ...Object.keys(news)])]
    .filter((key) => !ignored.has(key) && !sameValue(olds[key], news[key]))
    .sort();
  if (diffs.length === 0) return { changes: false };
  const identifier = text(news, "clusterIdentifier");
  if (identifier !== "" && identifier === text(olds, "clusterIdentifier"))
    return { changes: true, diffs, replaces: [] };
  const replaces =
    identifier !== "" && text(olds, "clusterIdentifier") !== "" ? ["clusterIdentifier"] : [];
  const unknown = identity.find((key) => reveal(news[key]) instanceof Unknown);
  if (unknown) return { changes: true, diffs: [unknown], replaces: [...replaces, unknown] };
  const before = await activeCluster(olds);
  const after = await activeCluster(news);
  if (before !== undefined && after !== undefined && before !== after)
    replaces.push(...identity.filter((key) => diffs.includes(key)));
  return { changes: true, diffs, replaces };
}
