/**
 * Returns the options of Stryker for the mutants of some files.
 *
 * @param name the name of this area. Its tests are in `NAME.vitest.ts`.
 * @param mutate patterns of the files to mutate. Patterns with `!` exclude files.
 */
export function mutationOf(name: string, mutate: readonly string[]) {
  return {
    mutate,
    plugins: ['@stryker-mutator/vitest-runner'],
    testRunner: 'vitest',
    vitest: { configFile: `packages/testing/mutation/${name}.vitest.ts`, related: false },
    inPlace: true,
    concurrency: 1,
    timeoutMS: 30_000,
    thresholds: { high: 98, low: 95, break: 95 },
    reporters: ['clear-text'],
    clearTextReporter: { allowColor: false, reportTests: false },
    tempDirName: 'packages/testing/reports/stryker',
  };
}

/**
 * The options of Vitest for all mutants. The tests are fast: they use no tools, and send requests to
 * a service in the same process.
 */
export const withoutTools = {
  provide: { available: [], emulatorHost: undefined },
  // Importing the service takes longer than most tests.
  isolate: false,
  testTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } },
};
