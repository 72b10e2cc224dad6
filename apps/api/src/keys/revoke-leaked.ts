import { isKey } from '@andamio/schema/key-format';
import type { Actor } from './audit.ts';
import { idsOf, type RevokeKeyDependencies, revokeKey } from './revoke.ts';
import { OutcomeUnknownError, StoreUnavailableError } from './store.ts';

/** How many keys are revoked at a time. */
const concurrency = 16;

/** Texts that are keys, by when they were revoked. */
export interface LeakedKeys {
  /** Revoked by this call. */
  readonly revoked: ReadonlySet<string>;
  /** Revoked earlier. */
  readonly before: ReadonlySet<string>;
}

/**
 * Revokes every key among texts that were found in public. A key that cannot be revoked does not keep the others from it; once the
 * store itself is at fault, the rest waits for the alert to be repeated. A repeated alert gets the same answer.
 *
 * @throws what {@link revokeKey} and `KeyStore.wasRevoked` threw, after all other keys were handled.
 */
export async function revokeLeaked(
  dependencies: RevokeKeyDependencies,
  texts: Iterable<string>,
  by: Actor,
): Promise<LeakedKeys> {
  const { store, digesters } = dependencies;
  const waiting = [...new Set(texts)].filter(isKey).values(); // One for all workers: each key is taken by one of them.
  const revoked = new Set<string>();
  const before = new Set<string>();
  const failures: unknown[] = [];

  async function work(): Promise<void> {
    for (const key of waiting) {
      try {
        const outcome = await revokeKey(dependencies, key, by, 'found in public');
        if (outcome !== 'no_such_key') revoked.add(key);
        else if (await store.wasRevoked(idsOf(digesters, key))) before.add(key);
      } catch (failure) {
        failures.push(failure);
        if (failure instanceof StoreUnavailableError || failure instanceof OutcomeUnknownError) return;
      }
    }
  }

  await Promise.all(Array.from({ length: concurrency }, work));
  if (failures.length > 0) throw failures[0];
  return { revoked, before };
}
