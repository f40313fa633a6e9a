/**
 * Characters that move the cursor, colour the screen, break a line or turn the reading direction: a
 * text of a container, or of a user who may log a run, goes to a terminal without them.
 */
export const controls = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
