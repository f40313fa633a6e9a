import { CiClaims, TokenRole } from "../enums.ts";
import type { TokenIssuer, Workload } from "../workloadSettings.ts";
import type { NamedArgs } from "./namedArgs.ts";
import { tokenNamePattern } from "./names.ts";
import { isOneOf, oneOf, type Report } from "./problems.ts";
import { dnsLabel, isObjectName } from "./syntax.ts";

/** Reports what is wrong with the workloads and with the issuers of the platform. */
export function checkWorkloads(args: NamedArgs, report: Report): void {
  const issuers = args.platform.issuers ?? [];
  const names = new Set<string>();
  issuers.forEach((issuer, index) => {
    const path = `platform.issuers[${index}]`;
    report(`${path}.name`, !names.has(issuer.name), `"${issuer.name}" is declared twice`);
    names.add(issuer.name);
    checkIssuer(issuer, path, report);
  });
  const taken = new Map((args.tokens ?? []).map(({ name }) => [name, "a token"]));
  (args.workloads ?? []).forEach((workload, index) => {
    const path = `workloads[${index}]`;
    const { name } = workload;
    const other = taken.get(name);
    report(`${path}.name`, tokenNamePattern.test(name), `must match ${tokenNamePattern.source}`);
    // Both are named in one log, and share turns by name.
    report(`${path}.name`, other === undefined, `"${name}" is the name of ${other}, too`);
    taken.set(name, "another workload");
    report(`${path}.role`, isOneOf(TokenRole, workload.role), oneOf(TokenRole));
    const issuer = issuers.find((each) => each.name === workload.issuer);
    const known = issuers.map((each) => each.name).join(", ");
    report(
      `${path}.issuer`,
      issuer !== undefined,
      `must be one of the issuers: ${known || "none"}`,
    );
    checkMatch(workload, issuer, path, report);
  });
}

function checkIssuer(issuer: TokenIssuer, path: string, report: Report): void {
  const { name, url, audience, keys, ci, cidrs, cluster = false } = issuer;
  report(`${path}.name`, tokenNamePattern.test(name), `must match ${tokenNamePattern.source}`);
  report(
    `${path}.url`,
    isIssuerUrl(url),
    "must be an https:// URL without a query, exactly as the tokens have it",
  );
  report(`${path}.audience`, audience !== "", "must not be empty");
  report(`${path}.ci`, ci === undefined || isOneOf(CiClaims, ci), oneOf(CiClaims));
  const wrongKeys = keys === undefined ? undefined : keysProblem(keys);
  report(`${path}.keys`, wrongKeys === undefined, `${wrongKeys}`);
  report(
    `${path}.cidrs`,
    !cluster || keys !== undefined || (cidrs ?? []).length > 0,
    "must be the addresses of the cluster's API servers, which pods ask for its keys",
  );
}

const isIssuerUrl = (text: string): boolean => {
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.search === "" && url.hash === "" && url.username === "";
};

const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "k"];

/** The problem of a key set, without a part of it: that may be a secret by mistake. */
function keysProblem(text: string): string | undefined {
  let keys: unknown;
  try {
    ({ keys } = JSON.parse(text) as { keys?: unknown });
  } catch {
    return "must be the JSON text of a key set";
  }
  if (!Array.isArray(keys) || keys.length === 0) return "must have a list of keys under `keys`";
  const entries = keys.map((key: unknown) => Object(key) as Record<string, unknown>);
  if (entries.some((key) => privateMembers.some((member) => member in key)))
    return "must hold public keys only; the private ones in it were readable, replace them";
  const isUsable = ({ kty, crv }: Record<string, unknown>) =>
    kty === "RSA" || (kty === "EC" && crv === "P-256");
  return entries.some(isUsable) ? undefined : "must have an RSA key or one on the curve P-256";
}

function checkMatch(
  { match }: Workload,
  issuer: TokenIssuer | undefined,
  path: string,
  report: Report,
): void {
  const claims = Object.entries(match);
  report(`${path}.match`, claims.length > 0, "must name a claim: every job would be let in");
  for (const [claim, value] of claims)
    report(
      `${path}.match.${claim}`,
      typeof value === "string" && value !== "",
      'must be a text, such as "true"',
    );
  if (issuer?.cluster !== true || claims.length === 0) return;
  const { namespace, serviceAccount } = match;
  report(
    `${path}.match`,
    claims.length === 2 && namespace !== undefined && serviceAccount !== undefined,
    "must be exactly namespace and serviceAccount, for a workload of the cluster",
  );
  report(
    `${path}.match.namespace`,
    namespace === undefined || dnsLabel.test(namespace),
    "must be a namespace's name",
  );
  report(
    `${path}.match.serviceAccount`,
    serviceAccount === undefined || isObjectName(serviceAccount),
    "must be a service account's name",
  );
}
