import { instanceOf, tokenOf } from "../support/engine.ts";
import { name, parcelForecast } from "../support/parcelForecast.ts";
import { snippetTests } from "./frameworks/snippets.ts";

// Proves that the snippets of docs/for-ml-teams.md do what the page says, as they stand there, with
// an unmodified client through HTTPS. What a snippet's framework does in another version than the
// one of test/fixtures/frameworks is not proved.

snippetTests(async () => {
  const { deployed } = await parcelForecast();
  const instance = instanceOf(deployed, name);
  const { trackingUri } = instance;
  const { caPath } = deployed.platform;
  return {
    training: { trackingUri, caPath, token: tokenOf(instance, "training") },
    serving: { trackingUri, caPath, token: tokenOf(instance, "serving") },
  };
});
