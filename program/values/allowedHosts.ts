import { z } from "zod";
import { expected } from "./wrongValue.ts";

/** `Host` values as clients send them: a name or address, and the port where the URL has one. */
export const extraAllowedHosts = z
  .array(
    z.string().regex(/^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?$/, {
      error: expected(
        "a host with its port if any, such as localhost:15056, without scheme and wildcard",
      ),
    }),
  )
  .min(1, { error: "is empty; leave it out" });
