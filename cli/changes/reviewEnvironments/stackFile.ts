import { join } from "node:path";
import { parse, parseDocument, Scalar, stringify, type YAMLMap } from "yaml";
import { serverName } from "../../../program/platforms/aws/rds.ts";
import type { Preview } from "../../../program/values/pullRequest.ts";
import type { SecretsProvider } from "./state.ts";

const note =
  " A review environment, written by `npx mlflow-instances review-environment`; it is written anew each time. Git ignores it.\n";
const project = "mlflow-instances";

// How a stack file says what its secrets are encrypted with.
const keys = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;

/**
 * A stack file that has nothing but the secrets provider of another: `pulumi config cp` then
 * encrypts what it copies with the same.
 */
export function headerOf(baseFile: string): { text: string; secretsProvider: string | undefined } {
  const base = (parse(baseFile) ?? {}) as Partial<Record<(typeof keys)[number], string>>;
  const header = Object.fromEntries(
    keys.flatMap((key) => (base[key] === undefined ? [] : [[key, base[key]]])),
  );
  // `pulumi stack init` takes a salt for its own only when it is told that there is a passphrase.
  return {
    text: textOf(header),
    secretsProvider:
      base.secretsprovider ?? (base.encryptionsalt === undefined ? undefined : "passphrase"),
  };
}

/**
 * The same from a state, for a machine that never had the stack's file: destroying needs nothing
 * else, since the providers' settings are in the state.
 */
export function headerFromState(provider: SecretsProvider | undefined): string {
  const { salt, url, encryptedkey } = provider?.state ?? {};
  if (provider?.type === "passphrase") return textOf({ encryptionsalt: salt });
  if (provider?.type === "cloud") return textOf({ secretsprovider: url, encryptedkey });
  return textOf({});
}

const textOf = (content: Record<string, unknown>): string =>
  `#${note}${Object.keys(content).length === 0 ? "" : stringify(content)}`;

/** The file after the copy, with what makes it a preview. */
export function withReview(
  text: string,
  preview: Preview,
  { name, folder }: { name: string; folder: string },
): string {
  const document = parseDocument(text);
  document.commentBefore = note.trimEnd();
  const node = document.createNode(preview) as YAMLMap;
  // Without quotes the CLI reads a point in time and hands that on.
  const until = node.get("until", true) as Scalar;
  until.type = Scalar.QUOTE_DOUBLE;
  document.setIn(["config", `${project}:environment`, "preview"], node);
  document.setIn(["config", `${project}:instancesFolder`], folder);
  // A database server that the base makes is found by its name, which follows from the base's
  // unless it is given.
  const rds = ["config", `${project}:environment`, "platform", "database", "rds"];
  if (document.hasIn(rds) && !document.hasIn([...rds, "identifier"]))
    document.setIn([...rds, "identifier"], serverName(name));
  return document.toString({ lineWidth: 0 });
}

export const stackFileIn = (root: string, stack: string): string =>
  join(root, "stacks", `Pulumi.${stack}.yaml`);
