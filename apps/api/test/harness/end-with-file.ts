import { afterAll } from 'vitest';

const ends: (() => unknown)[] = [];

/**
 * Registers a cleanup that runs after the test file, in reverse order of registration. Unlike
 * `afterAll`, it may be called within a hook or a test.
 */
export function endWithFile(end: () => unknown): void {
  ends.push(end);
}

afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
