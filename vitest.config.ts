import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        // Everything that needs no cluster. Plugins are tested over real gRPC, PostgreSQL and S3 that a test starts on loopback.
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/engine/**", "test/contract/**"],
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        // A real `pulumi up` on the embedded platform of profile `test`: one platform, so one file after the other.
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts", "test/contract/**/*.test.ts"],
          globalSetup: "test/engine/globalSetup.ts",
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 600_000,
          bail: 0,
        },
      },
    ],
  },
});
