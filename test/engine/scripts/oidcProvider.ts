// A real OpenID issuer: oidcProvider.ts <configuration>. A job of a CI is a client of it, and its
// token an access token for the audience that it asks for. Ends with its standard input.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import Provider, { type AsymmetricSigningAlgorithm, type JWKS } from "oidc-provider";

interface Settings {
  readonly url: string;
  readonly certificate: string;
  readonly key: string;
  /** Which of its keys signs. */
  readonly algorithm: AsymmetricSigningAlgorithm;
  readonly jwks: JWKS;
  readonly clients: readonly { readonly id: string; readonly secret: string }[];
}

const text = readFileSync(process.argv[2] ?? "", "utf8");
const { url, certificate, key, algorithm, jwks, clients } = JSON.parse(text) as Settings;
const provider = new Provider(url, {
  jwks,
  clients: clients.map(({ id, secret }) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ["client_credentials"],
    response_types: [],
    redirect_uris: [],
  })),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, audience) => ({
        scope: "",
        audience,
        accessTokenTTL: 300,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: algorithm } },
      }),
    },
  },
});
const { hostname, port } = new URL(url);
const answer = provider.callback();
createServer(
  { cert: readFileSync(certificate), key: readFileSync(key) },
  (request, response) => void answer(request, response),
).listen(Number(port), hostname, () => process.stdout.write("ready\n"));
process.stdin.on("end", () => process.exit(0)).resume();
