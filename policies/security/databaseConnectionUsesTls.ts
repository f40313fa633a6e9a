import { z } from "zod";
import { isPostgresql, sslModeOf, sslModes } from "../model/databaseAddress.ts";
import { inEach } from "../model/parts.ts";
import {
  isOfInstance,
  kubernetesType,
  placeOf,
  postgresqlProviderType,
} from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { secretEntries } from "../model/secrets.ts";
import { knownOf } from "../model/tokens.ts";
import { boundFor, bounds } from "../settings.ts";
import { containersOf, variablesOf, workloadTypes } from "../model/workloads.ts";

const strengthOf = (mode: string | undefined): number =>
  (sslModes as readonly (string | undefined)[]).indexOf(mode);

export const databaseConnectionUsesTls = resourceRule({
  name: "database-connection-uses-tls",
  pack: "security",
  severity: "critical",
  demand:
    "Every connection to the database requires TLS: the provider's, and every address that a pod gets.",
  reason: "With a mode that only prefers TLS, one changed packet sends password and data in clear.",
  steps:
    "Set sslmode of the provider and of each address to the mode that the message gives (platform.postgresql.sslMode of the environment).",
  settings: z.object({
    least: bounds(z.enum(["require", "verify-ca", "verify-full"]), "require").describe(
      "Weakest sslmode; require encrypts without asking who answers, verify-full also checks certificate and name.",
    ),
  }),
  types: [postgresqlProviderType, kubernetesType.secret, ...workloadTypes],
  *check(resource, context) {
    const least = boundFor(context.settings.least, placeOf(resource));
    const tooWeak = (path: string, mode: string | undefined): string[] =>
      strengthOf(mode) >= strengthOf(least)
        ? []
        : [
            `${path} ${mode === undefined ? "does not set sslmode" : `has sslmode ${mode}`}; set it to ${orStricter(least)} (platform.postgresql.sslMode of the environment).`,
          ];
    if (resource.type === postgresqlProviderType)
      return yield* tooWeak("The provider", resource.props["sslmode"] as string | undefined);
    if (!isOfInstance(resource)) return;
    const { known } = knownOf(resource, context);
    const texts =
      resource.type === kubernetesType.secret
        ? (known(() => secretEntries(resource.props)) ?? [])
        : containersOf(resource)
            .flatMap(variablesOf)
            .map(({ path, name, text }) => ({ path: `${path} (${name})`, text }));
    yield* inEach(texts, { known }, function* ({ path, text }) {
      const address = text();
      if (address !== undefined && isPostgresql(address))
        yield* tooWeak(`The address in ${path}`, sslModeOf(address));
    });
  },
});

const orStricter = (least: string): string =>
  least === "verify-full" ? least : `${least} or stricter`;
