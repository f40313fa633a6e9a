import { z } from "zod";
import { inEach } from "../model/parts.ts";
import { isOfInstance, placeOf } from "../model/resources.ts";
import { resourceRule } from "../rule.ts";
import { boundFor, bounds } from "../settings.ts";
import { containersOf, workloadTypes } from "../model/workloads.ts";

const digest = /@sha256:[0-9a-f]{64}$/;

/** The tag of a reference; a colon before the last slash belongs to the registry's port. */
const tagOf = (image: string): string | undefined =>
  /:([^:/@]+)(?:@|$)/.exec(image.slice(image.lastIndexOf("/") + 1))?.[1];

export const imageIsPinned = resourceRule({
  name: "image-is-pinned",
  pack: "security",
  severity: "high",
  demand: "Every image of an instance is named by its digest; the tag latest never.",
  reason:
    "A tag can be moved to other content, which then runs without a review; a digest is the content.",
  steps: "Name the image by its digest (platform.image of the environment).",
  settings: z.object({
    pin: bounds(z.enum(["digest", "tag"]), "digest").describe(
      "What an image has to be named by; tag is an exact one.",
    ),
  }),
  types: workloadTypes,
  *check(workload, context) {
    if (!isOfInstance(workload)) return;
    const wanted = boundFor(context.settings.pin, placeOf(workload));
    yield* inEach(containersOf(workload), context, function* ({ path, value }) {
      const image = value["image"] as string | undefined;
      if (image === undefined) return yield `${path}.image is not set.`;
      if (digest.test(image)) return;
      const tag = tagOf(image);
      if (tag === undefined || tag === "latest" || wanted === "digest")
        yield `${path}.image is ${image}; set it (platform.image of the environment) to ${wanted === "tag" ? "an exact tag, or to a" : "a"} digest: ${image.replace(/:latest$|@.*$/, "")}@sha256:….`;
    });
  },
});
