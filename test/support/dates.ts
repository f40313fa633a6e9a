const day = 24 * 60 * 60 * 1000;

/**
 * The day in so many days, as `expires` has it. The server and the policies look at the machine's
 * clock: a date in a test would end the test one day.
 */
export const dayIn = (days: number): string =>
  new Date(Date.now() + days * day).toISOString().slice(0, 10);

/** A last day for a token that is always ahead and within every tier's bounds. */
export const soon = dayIn(60);
