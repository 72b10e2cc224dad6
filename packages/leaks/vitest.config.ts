import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Some tests start processes, which takes a long time on a busy machine.
    testTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
