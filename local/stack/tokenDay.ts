/** 90 to 122 days ahead: the last day of a month, so that most days change nothing. */
export const tokenDay = (now: Date): string =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 4, 0)).toISOString().slice(0, 10);

/**
 * Gives tokens whose file names no day one that is always ahead: the files of the local instances
 * must not be over one day.
 */
export const withTokenDay = (
  environment: Record<string, unknown>,
  now = new Date(),
): Record<string, unknown> => ({
  ...environment,
  defaults: { tokenExpires: tokenDay(now), ...(environment["defaults"] as object | undefined) },
});
