import { z } from "zod";

// What every cost and every notice needs to find its way.

/** Who answers for something. */
export const owner = z.email({
  error: (issue) => (issue.input === undefined ? "is missing" : "is not an e-mail address"),
});

/** Who pays for it. */
export const costCenter = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: "is 1 to 63 letters, digits, dots, underscores and hyphens",
});
