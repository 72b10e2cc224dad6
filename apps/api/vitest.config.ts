import { slowestFirst } from '@andamio/testing/slowest-first';
import { defineConfig } from 'vitest/config';

/**
 * Tests that call the service in their own process. They use neither optional tools nor fake timers
 * or other global state, so their files can share a process. Loading the service for each file
 * would take more than half of their time.
 */
const inProcess = [
  ...[
    'auth',
    'delete',
    'idempotency',
    'list',
    'report',
    'request',
    'roll',
    'rotate',
    'secret-scanning',
    'user',
  ].map((folder) => `test/${folder}/*.test.ts`),
  'test/http/!(schemathesis).test.ts',
  'test/limits/{headers,rate}.test.ts',
  'test/reference/{http,missing-files}.test.ts',
  'test/usage/{counting,quotas}.test.ts',
  'test/verify/{200,401,429}.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'in process', include: inProcess, isolate: false } },
      {
        extends: true,
        test: {
          name: 'with tools',
          globalSetup: ['test/harness/global-setup.ts'],
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: inProcess,
        },
      },
    ],
    testTimeout: 60_000,
    // The default of one second is too short on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 120_000,
    // Many tests measure time or start processes; more workers than cores would make them time out.
    maxWorkers: 2,
    sequence: {
      // The files that take more than 20 seconds.
      sequencer: slowestFirst([
        'test/store/firestore.test.ts',
        'test/store/firestore-close.test.ts',
        'test/console/operators.test.ts',
        'test/process/firestore-faults.test.ts',
        'test/samples/documented-samples.test.ts',
        'test/http/schemathesis.test.ts',
        'test/console/element.test.ts',
        'test/usage/two-processes.test.ts',
        'test/reference/browser.test.ts',
        'test/console/sign-in.test.ts',
        'test/process/credentials.test.ts',
        'test/admin/exit-codes.test.ts',
        'test/console/device.test.ts',
        'test/usage/two-processes-with-redis.test.ts',
        'test/usage/killed-processes.test.ts',
      ]),
    },
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
