import { afterAll } from 'vitest';

const ends: (() => unknown)[] = [];

/**
 * Registers a cleanup function that runs after the test file. Cleanups run in reverse order of
 * registration. Unlike `afterAll`, this function can be called within a hook or a test.
 */
export function endWithFile(end: () => unknown): void {
  ends.push(end);
}

afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
