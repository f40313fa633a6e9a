import { resourceRule } from "../rule.ts";
import { isTrackingServer, optionOf, serverTypes, variableOf } from "../model/workloads.ts";

const settings = [
  {
    variable: "MLFLOW_SERVER_ALLOWED_HOSTS",
    option: "--allowed-hosts",
    what: "every name, with its ports, under which the server is reached",
  },
  {
    variable: "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
    option: "--cors-allowed-origins",
    what: "https:// and the instance's host",
  },
] as const;

export const serverNamesHostsAndOrigins = resourceRule({
  name: "server-names-hosts-and-origins",
  pack: "security",
  severity: "high",
  demand:
    "A tracking server names the hosts that it answers for and the origins that may call it, both, and each in full.",
  reason:
    "Without the hosts a page can rebind its name to the server; with hosts alone the UI's own requests are refused; a wildcard is neither.",
  steps:
    "Set both lists of the tracking server, hosts and origins, each entry in full (extraAllowedHosts in the instance's file).",
  types: serverTypes,
  *check(server, context) {
    if (!isTrackingServer(server)) return;
    for (const { variable, option, what } of settings) {
      const given = context.known(() => ({
        value: variableOf(server, variable) ?? optionOf(server, option),
      }));
      if (given === undefined) continue;
      const names = (given.value ?? "").split(",").map((name) => name.trim());
      if (names.join("") === "")
        yield `Set the variable ${variable} (or the option ${option}) to ${what}.`;
      const wildcard = names.find((name) => name.includes("*"));
      if (wildcard !== undefined)
        yield `${variable} holds the wildcard ${wildcard}; name each in full (extraAllowedHosts of the component).`;
    }
    const off = variableOf(server, "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE");
    if (
      (off !== undefined && !/^(false|0|)$/i.test(off)) ||
      optionOf(server, "--disable-security-middleware") !== undefined
    )
      yield "The check of hosts and origins is switched off; remove MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE or --disable-security-middleware.";
  },
});
