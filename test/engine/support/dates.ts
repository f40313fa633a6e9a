/**
 * A last day for a token that is always ahead and within every tier's bounds: a date in a file
 * would end the tests one day.
 */
export const soon = new Date(Date.now() + 60 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
