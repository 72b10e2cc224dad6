import { slowestFirst } from '@andamio/testing/slowest-first';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/harness/global-setup.ts'],
    include: ['**/*.test.ts'],
    exclude: ['policy/**', 'node_modules/**'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
    sequence: {
      // The files that take more than 20 seconds.
      sequencer: slowestFirst([
        'test/faults.test.ts',
        'test/lifecycle.test.ts',
        'test/image.test.ts',
        'test/policy.test.ts',
        'test/generate-secrets.test.ts',
        'test/permissions.test.ts',
        'test/secrecy.test.ts',
      ]),
    },
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
