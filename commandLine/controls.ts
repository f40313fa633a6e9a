/**
 * What moves the cursor, colours the screen, breaks a line or turns the reading direction: a text that a container, or whoever may log a run, has written goes to
 * a terminal without it.
 */
export const controls = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
