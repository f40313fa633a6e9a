import { describe, expect, it } from "vitest";
import { toolKey } from "../../../../local/toolchain/goTool.ts";

const files = { "go.mod": "module m", "go.sum": "sums", "main.go": "package main" };
const key = toolKey(files, ["-trimpath"], "amd64");

describe("the cache key of a Go tool", () => {
  it("is twelve hexadecimal digits and does not depend on the order of the files", () => {
    expect(key).toMatch(/^[0-9a-f]{12}$/);
    expect(
      toolKey(
        { "main.go": files["main.go"], "go.sum": files["go.sum"], "go.mod": files["go.mod"] },
        ["-trimpath"],
        "amd64",
      ),
    ).toBe(key);
  });

  it.each([
    ["go.mod", toolKey({ ...files, "go.mod": "module n" }, ["-trimpath"], "amd64")],
    ["go.sum", toolKey({ ...files, "go.sum": "other" }, ["-trimpath"], "amd64")],
    ["main.go", toolKey({ ...files, "main.go": "package main // x" }, ["-trimpath"], "amd64")],
    ["a flag", toolKey(files, ["-trimpath", "-race"], "amd64")],
    ["where one flag ends", toolKey(files, ["-trim", "path"], "amd64")],
    ["the architecture", toolKey(files, ["-trimpath"], "arm64")],
    [
      "where one file ends",
      toolKey(
        { "go.mod": "module msums", "go.sum": "", "main.go": "package main" },
        ["-trimpath"],
        "amd64",
      ),
    ],
  ])("changes with %s", (_what, other) => {
    expect(other).not.toBe(key);
  });
});
