import { secretText } from "./config.ts";
import { asObject } from "./stackFile.ts";
import type { Problem } from "../values/problems.ts";

const key = "imagePullSecret";
const expected = 'is not a config.json of Docker, {"auths": {"<registry>": {"auth": "…"}}}';

/** Whether the text can be the data of a Secret of type `kubernetes.io/dockerconfigjson`. */
export function isDockerConfig(text: string): boolean {
  try {
    const registries = Object.values(asObject(asObject(JSON.parse(text))["auths"]));
    return (
      registries.length > 0 &&
      registries.every((entry) => typeof asObject(entry)["auth"] === "string")
    );
  } catch {
    return false;
  }
}

/**
 * Kubernetes accepts any JSON, and a file that names a credential helper instead of credentials
 * fails only when the first image is pulled. The message never contains the value.
 */
export function pullSecretProblems(text: string | undefined = secretText(key)): Problem[] {
  if (text === undefined || isDockerConfig(text)) return [];
  return [
    {
      path: [key],
      message: `${expected}; with a credential helper, \`kubectl create secret docker-registry --dry-run=client\` writes one`,
    },
  ];
}
