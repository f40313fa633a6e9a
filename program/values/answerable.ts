import { z } from "zod";
import { expected } from "./wrongValue.ts";

// What every cost and every notice needs to find its way.

/** Who answers for something. */
export const owner = z.email({
  error: expected("an e-mail address, such as team@example.com"),
});

/** Who pays for it. */
export const costCenter = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: expected("1 to 63 letters, digits, dots, underscores and hyphens"),
});
