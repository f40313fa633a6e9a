import {
  annotation,
  component,
  isOfInstance,
  kubernetesType,
  label,
  marksOf,
  metadataOf,
} from "./resources.ts";
import type { Context } from "../rule.ts";
import { secretEntries } from "./secrets.ts";
import { orUnknown } from "../sdk/unknown.ts";

const file = "tokens.json";
const workloadsFile = "workloads.json";
const objectName = "mlflow-tokens";

/** The facts of a value of an access token, without the value. */
export interface Token {
  readonly name: string;
  readonly role: unknown;
  /** Its last day. */
  readonly expires: unknown;
  /** Which value of the token it is; undefined in files of before 2026-12. */
  readonly generation?: unknown;
  /** Day on which the value was made, where that is known. */
  readonly created?: unknown;
}

type Props = Record<string, any>;

const namesFile = (props: Props) => secretEntries(props).find(({ key }) => key === file);

/** Whether a Secret is the one with an instance's token file. */
export function holdsTokens(secret: { type: string; props: Props }): boolean {
  if (!isOfInstance(secret)) return false;
  const part = marksOf(secret)[label.component];
  if (part === component.accessTokens || metadataOf(secret.props).name === objectName) return true;
  // As long as a preview can't know what is in a Secret, one that says it is another part is
  // believed.
  return (
    (part === undefined ? namesFile(secret.props) : orUnknown(() => namesFile(secret.props))) !==
    undefined
  );
}

/**
 * The tokens of an instance, without their values. The file itself is what counts; as long as one
 * of its tokens is new a preview can't know it, and takes what the annotation says of them. Throws
 * for what neither tells.
 */
export function tokensOf({ props }: { props: Props }): Token[] | undefined {
  const known = orUnknown(() => ({ text: namesFile(props)?.text() }));
  if (known?.text !== undefined) return tokensIn(known.text);
  const declared = metadataOf(props).annotations?.[annotation.tokens];
  if (declared !== undefined) return tokensByName(declared);
  return tokensIn(namesFile(props)?.text() ?? '{"tokens":[]}');
}

/** The workloads of an instance. The file counts; a preview that can't know it takes the annotation. */
export function workloadsOf({ props }: { props: Props }): Pick<Token, "name" | "role">[] {
  const known = orUnknown(() =>
    secretEntries(props)
      .find(({ key }) => key === workloadsFile)
      ?.text(),
  );
  const text = known ?? metadataOf(props).annotations?.[annotation.workloads];
  const found = text === undefined ? undefined : parsed(text);
  const listed = Array.isArray(found) ? found : found?.["workloads"];
  return Array.isArray(listed) ? (listed as Token[]) : [];
}

const tokensIn = (text: string): Token[] | undefined => {
  const { tokens } = (parsed(text) ?? {}) as { tokens?: Token[] };
  return Array.isArray(tokens) ? tokens : undefined;
};

// Of before 2026-12 it is no list, and by name.
const tokensByName = (text: string): Token[] | undefined => {
  const tokens = parsed(text);
  if (tokens === undefined || Array.isArray(tokens)) return tokens;
  return Object.entries(tokens).map(([name, token]) => ({ ...(token as Token), name }));
};

// A parser's error has the text in it, which is a secret.
function parsed(text: string): Record<string, unknown> | Token[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown> | Token[])
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Puts nothing off where a preview can't know the token file: a rule about addresses has nothing to
 * look for in it.
 */
export const knownOf = (
  resource: { type: string; props: Props },
  context: Pick<Context<unknown>, "known">,
): Pick<Context<unknown>, "known"> =>
  resource.type === kubernetesType.secret && holdsTokens(resource) ? { known: orUnknown } : context;
