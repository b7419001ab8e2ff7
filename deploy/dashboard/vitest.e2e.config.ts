import { defineConfig } from "vitest/config";

/** Each starts real servers and a real browser, one file after the other: two cores are all that a runner has. */
function project(name: string, include: string) {
  return {
    test: {
      name,
      include: [include],
      environment: "node" as const,
      testTimeout: 120_000,
      hookTimeout: 60_000,
      fileParallelism: false,
    },
  };
}

export default defineConfig({
  test: {
    fileParallelism: false,
    maxWorkers: 1,
    projects: [
      project("e2e", "tests/e2e/*.test.ts"),
      project("bench", "tests/bench.ts"),
      project("screenshots", "tests/screenshots.ts"),
    ],
  },
});
