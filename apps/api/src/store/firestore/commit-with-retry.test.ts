import type { WriteBatch } from '@google-cloud/firestore';
import { describe, expect, test } from 'vitest';
import { OutcomeUnknownError, StoreUnavailableError } from '../../keys/store.ts';
import { commitWithRetry } from './commit-with-retry.ts';
import { withDeadline } from './deadline.ts';

/** A short deadline, because the tests wait until it passes. */
const deadline = 10;
const never = () => new Promise<never>(() => {});
const batch = (commit: () => Promise<unknown>) => ({ commit }) as unknown as WriteBatch;
const refused = batch(() =>
  Promise.reject(Object.assign(new Error('other processes got ahead'), { code: 9 })),
);

/**
 * Runs a change with the given commit. Its first read is replaced by a guess, and the given
 * function does all later reads. After one second the change writes nothing more, so that it ends.
 */
function change(writes: WriteBatch, readAgain: () => Promise<string>) {
  const end = performance.now() + 1000;
  const decide = () =>
    performance.now() < end ? { outcome: 'made', writes } : { outcome: 'too late' };
  return withDeadline(deadline, () =>
    commitWithRetry<string, string>({ guess: 'nothing', read: readAgain, decide }),
  );
}

describe('a change that is not settled when its time is up', () => {
  test('is told to have written nothing where it sent no write', async () => {
    const unread = withDeadline(deadline, () =>
      commitWithRetry<string, string>({ read: never, decide: never as never }),
    );
    await expect(unread).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(withDeadline(0, () => Promise.resolve())).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
  });

  test.each([
    ['the commit was not answered', batch(never), () => Promise.resolve('something')],
    ['a refusal, maybe of its own repetition, was never read about', refused, never],
    ['it still pauses between attempts', refused, () => Promise.resolve('something')],
  ])('is of unknown outcome where a write was sent: %s', async (_, writes, readAgain) => {
    await expect(change(writes, readAgain)).rejects.toBeInstanceOf(OutcomeUnknownError);
  });

  test('says nothing about another change, at the same time or after', async () => {
    const other = change(batch(never), never).catch((error: unknown) => error);
    const unread = withDeadline(deadline, () =>
      commitWithRetry<string, string>({ read: never, decide: never as never }),
    );
    await expect(unread).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await other).toBeInstanceOf(OutcomeUnknownError);
  });
});
