import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Some tests start processes on a machine that may be busy.
    testTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
