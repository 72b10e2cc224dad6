import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/harness/global-setup.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    // A second, the default, is soon over where other work shares the machine.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 120_000,
    // Many tests measure time or start processes: more at once than the machine has cores would test the machine.
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
