import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// test/README.md says what each project proves.
export default defineConfig({
  test: {
    projects: [
      {
        // No root, no service, no network. The files share the modules that they load: loading them
        // anew for each was more than half of their time.
        test: {
          name: "fast",
          include: ["test/fast/**/*.test.ts", "test/golden/**/*.test.ts"],
          exclude: ["test/fast/program/preflight/**"],
          isolate: false,
          // By itself vitest leaves one processor free.
          maxWorkers: availableParallelism(),
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        // These replace modules for one file.
        test: {
          name: "fast-mocked",
          include: ["test/fast/program/preflight/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        // Real gRPC, PostgreSQL, S3 and network namespaces, which a test starts on this machine.
        test: {
          name: "services",
          include: ["test/services/**/*.test.ts"],
          globalSetup: "test/services/globalSetup.ts",
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The policy packs on the real engine, without a platform: test/run.ts runs it in a process
        // of its own, beside the tests that wait for pods.
        test: {
          name: "judged",
          include: ["test/judged/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        // A real `pulumi up` on an embedded platform, of which each worker has one of its own: most
        // of the time these tests wait for pods.
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts", "test/contract/**/*.test.ts"],
          globalSetup: "test/engine/globalSetup.ts",
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 600_000,
          bail: 0,
        },
      },
    ],
  },
});
