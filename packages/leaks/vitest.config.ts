import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Some tests start processes, which is slow on a busy machine.
    testTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
