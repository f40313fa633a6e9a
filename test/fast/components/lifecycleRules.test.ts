import { describe, expect, test } from "vitest";
import { lifecycleRules } from "../../../components/internal/lifecycleRules.ts";

describe("lifecycle rules", () => {
  test("expire nothing that an artifact could be", () => {
    const expiring = lifecycleRules(true, 30, "transitions").filter(
      ({ expiration }) => expiration !== undefined && "days" in expiration,
    );
    expect(expiring.map(({ filter }) => filter)).toEqual([
      { prefix: "tmp/" },
      { prefix: "maintenance/" },
    ]);
  });

  test.each([
    ["standard", []],
    [
      "transitions",
      [
        { days: 90, storageClass: "STANDARD_IA" },
        { days: 365, storageClass: "GLACIER_IR" },
      ],
    ],
    ["intelligentTiering", [{ days: 0, storageClass: "INTELLIGENT_TIERING" }]],
  ] as const)(
    "move artifacts, and nothing else, as storageClasses %s says",
    (storageClasses, transitions) => {
      const moving = lifecycleRules(true, 30, storageClasses).filter(
        (rule) => rule.transitions !== undefined,
      );
      expect(moving.map(({ filter, transitions: moves }) => [filter, moves])).toEqual(
        transitions.length === 0 ? [] : [[{ prefix: "artifacts/" }, transitions]],
      );
      // Names of the rules' own: two with one id are refused by S3.
      const ids = lifecycleRules(true, 30, storageClasses).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    },
  );

  test("remove old versions only where there are versions", () => {
    expect(
      lifecycleRules(true, 45, "standard").map(
        ({ noncurrentVersionExpiration }) => noncurrentVersionExpiration,
      ),
    ).toEqual([undefined, undefined, undefined, { noncurrentDays: 45 }]);
    expect(lifecycleRules(false, 45, "standard").map(({ id }) => id)).toEqual([
      "temporary-files",
      "aborted-uploads",
      "maintenance-reports",
    ]);
  });
});
