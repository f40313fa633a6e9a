/** The variables of an unmodified MLflow client: where, with which token, trusting which CA. */
export const clientVariables = (instance: {
  trackingUri: string;
  token: string;
  caPath: string;
}): Record<string, string> => ({
  MLFLOW_TRACKING_URI: instance.trackingUri,
  MLFLOW_TRACKING_TOKEN: instance.token,
  MLFLOW_TRACKING_SERVER_CERT_PATH: instance.caPath,
});

/** A client's whole environment: nothing of the caller's (proxies, other credentials) gets in. */
export const clientEnvironment = (instance: {
  trackingUri: string;
  token: string;
  caPath: string;
}): Record<string, string> => ({
  PATH: "/usr/bin:/bin",
  HOME: "/tmp",
  LANG: "C.UTF-8",
  // Checks of our own are no use of MLflow to be counted, and the client would call out of the
  // machine for it.
  MLFLOW_DISABLE_TELEMETRY: "true",
  ...clientVariables(instance),
});

const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

/** `export NAME='value'` lines for a POSIX shell. */
export const exportLines = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join("");
