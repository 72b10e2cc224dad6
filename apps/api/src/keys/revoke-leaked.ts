import { isKey } from '@andamio/schema/key-format';
import type { Actor } from './audit.ts';
import { type RevokeKeyDependencies, revokeKey } from './revoke.ts';
import { OutcomeUnknownError, StoreUnavailableError } from './store.ts';

/** How many keys are revoked at a time. */
const concurrency = 16;

/**
 * Revokes every key among texts that somebody found in public. One that fails keeps none of the others from it; once the store
 * itself is at fault, the rest is left for when the alert is repeated.
 *
 * @returns the texts that were keys which somebody held.
 * @throws what {@link revokeKey} threw, after all that could be done was done.
 */
export async function revokeLeaked(
  dependencies: RevokeKeyDependencies,
  texts: Iterable<string>,
  by: Actor,
): Promise<ReadonlySet<string>> {
  const waiting = [...new Set(texts)].filter(isKey).values(); // One for all workers: each key is taken by one of them.
  const revoked = new Set<string>();
  const failures: unknown[] = [];

  async function work(): Promise<void> {
    for (const key of waiting) {
      try {
        const outcome = await revokeKey(dependencies, key, by, 'found in public');
        if (outcome !== 'no_such_key') revoked.add(key);
      } catch (failure) {
        failures.push(failure);
        if (failure instanceof StoreUnavailableError || failure instanceof OutcomeUnknownError) return;
      }
    }
  }

  await Promise.all(Array.from({ length: concurrency }, work));
  if (failures.length > 0) throw failures[0];
  return revoked;
}
