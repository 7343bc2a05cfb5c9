import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/laws.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores; a third worker works while the others wait for lines and processes.
    maxWorkers: 3,
    // The modules are pure: loading them anew for each file would take a quarter of the time.
    isolate: false,
  },
});
