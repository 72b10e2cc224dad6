import { afterAll } from 'vitest';

const ends: (() => unknown)[] = [];

/**
 * Registers a cleanup function that runs after the test file. Cleanups run in reverse order of
 * registration, and all of them run even if some fail. Unlike `afterAll`, this function can be called
 * within a hook or a test.
 */
export function endWithFile(end: () => unknown): void {
  ends.push(end);
}

/**
 * Runs the registered cleanups.
 *
 * @throws {AggregateError} if cleanups failed, with their errors.
 */
export async function runEnds(): Promise<void> {
  const errors: unknown[] = [];
  for (const end of ends.splice(0).reverse()) {
    try {
      await end();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Cleanups after the test file failed.');
}

afterAll(runEnds);
