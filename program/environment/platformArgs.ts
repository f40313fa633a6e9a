import type { MlflowPlatformArgs } from "@mlflow-instances/components/internal";
import type { GivenToAll } from "../platforms/given.ts";
import { factsOf } from "../platforms/index.ts";
import { defined } from "../values/defined.ts";
import type { Environment } from "./environment.ts";
import { issuersIn } from "./identity.ts";

/** What an environment is to the component: the platform that its instances share. Pure. */
export function platformArgs(
  environment: Environment,
  given: GivenToAll,
): MlflowPlatformArgs & { environment: string } {
  const { platform } = environment;
  const facts = factsOf(platform);
  const ofKind = facts.argsOf(given);
  return defined({
    domain: environment.domain,
    environment: environment.name,
    image: platform.image,
    imagePullSecret: given.imagePullSecret,
    imagePullSecrets: platform.imagePullSecrets && [...platform.imagePullSecrets],
    mlflowVersion: platform.mlflowVersion,
    ...ofKind,
    objectStore: defined({
      // In a review environment the instance's name says which environment it is.
      bucketPrefix: facts.bucketPrefix ?? (environment.preview && "mlflow"),
      ...ofKind.objectStore,
    }),
    postgresql: {
      ...given.database,
      ...ofKind.postgresql,
      maxConnections: facts.connections.max,
    },
    monitoring: environment.monitoring && defined(environment.monitoring),
    // Left out where there are none.
    issuers: environment.identity && issuersIn(environment.identity),
    caBundle: facts.databaseAuthorities(),
  });
}
