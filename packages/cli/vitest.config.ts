import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The tests start processes, and one installs packages, which takes long on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
