import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import type { WriteBatch } from '@google-cloud/firestore';
import { describe, expect, test } from 'vitest';
import { commitWithRetry } from './commit-with-retry.ts';
import { withDeadline } from './deadline.ts';

/** A short deadline in milliseconds, because the tests wait until it passes. */
const deadline = 10;
const never = () => new Promise<never>(() => {});
const batch = (commit: () => Promise<unknown>) => ({ commit }) as unknown as WriteBatch;
const refused = batch(() =>
  Promise.reject(Object.assign(new Error('other processes got ahead'), { code: 9 })),
);

/**
 * Runs a change that commits `writes`. It first decides on a guess, without reading; `readAgain`
 * performs all later reads. After one second, the change decides to write nothing, so that the
 * retries end.
 */
function change(writes: WriteBatch, readAgain: () => Promise<string>) {
  const end = performance.now() + 1000;
  const decide = () =>
    performance.now() < end ? { outcome: 'made', writes } : { outcome: 'too late' };
  return withDeadline(deadline, () =>
    commitWithRetry<string, string>({ guess: 'nothing', read: readAgain, decide }),
  );
}

describe('a change that is incomplete at its deadline', () => {
  test('rejects with StoreUnavailableError if no write was sent before the deadline', async () => {
    const unread = withDeadline(deadline, () =>
      commitWithRetry<string, string>({ read: never, decide: never as never }),
    );
    await expect(unread).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(withDeadline(0, () => Promise.resolve())).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
  });

  test.each([
    ['the commit got no response', batch(never), () => Promise.resolve('something')],
    ['the read after a failed precondition got no response', refused, never],
    ['another attempt was due', refused, () => Promise.resolve('something')],
  ])(
    'rejects with OutcomeUnknownError if a write was sent before the deadline: %s',
    async (_, writes, readAgain) => {
      await expect(change(writes, readAgain)).rejects.toBeInstanceOf(OutcomeUnknownError);
    },
  );

  test('rejects each of two concurrent changes with its own error', async () => {
    const other = change(batch(never), never).catch((error: unknown) => error);
    const unread = withDeadline(deadline, () =>
      commitWithRetry<string, string>({ read: never, decide: never as never }),
    );
    await expect(unread).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await other).toBeInstanceOf(OutcomeUnknownError);
  });
});
