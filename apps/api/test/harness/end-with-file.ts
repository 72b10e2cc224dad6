import { afterAll } from 'vitest';

const ends: (() => unknown)[] = [];

/**
 * Has something ended when the test file has, the last that was begun first, wherever in the file it was begun: a hook that is
 * registered within another hook or within a test never runs.
 */
export function endWithFile(end: () => unknown): void {
  ends.push(end);
}

afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
