import { openBackend, type Workplace } from "./backend.ts";
import { claimOf } from "./claim.ts";

/** A review environment as a list shows it. */
export interface ReviewEnvironment {
  readonly stack: string;
  /** Last day (UTC); undefined as long as no update was completed. */
  readonly until: string | undefined;
  readonly lastUpdate: string | undefined;
  readonly instances: readonly ReviewInstance[];
}

export interface ReviewInstance {
  readonly name: string;
  readonly trackingUri: string;
  /** Names of its access tokens, each with its role. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** The instances in a stack's outputs; no secret is among them. */
export function instancesIn(outputs: Readonly<Record<string, unknown>>): ReviewInstance[] {
  type Output = { trackingUri: string; tokens: Record<string, { role: string }> };
  return Object.entries((outputs["instances"] ?? {}) as Record<string, Output>).map(
    ([name, { trackingUri, tokens }]) => ({
      name,
      trackingUri,
      tokens: Object.fromEntries(Object.entries(tokens).map(([token, { role }]) => [token, role])),
    }),
  );
}

/** All review environments that the backend knows. */
export async function listReviews(workplace: Workplace): Promise<ReviewEnvironment[]> {
  const backend = openBackend(workplace);
  const previews: ReviewEnvironment[] = [];
  for (const { name, lastUpdate } of await backend.previews()) {
    const state = await backend.state(name);
    const claim = claimOf(name, state);
    if (claim.preview)
      previews.push({
        stack: name,
        until: claim.until,
        lastUpdate,
        instances: instancesIn(state.outputs),
      });
  }
  return previews;
}
