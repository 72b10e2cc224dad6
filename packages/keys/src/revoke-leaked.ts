import { isKey } from '@andamio/schema/key-format';
import { idsOf } from '@andamio/verification/digest';
import type { Actor } from './audit.ts';
import { type RevokeKeyDependencies, revokeKey } from './revoke.ts';
import { OutcomeUnknownError, StoreUnavailableError } from './store.ts';

/** Maximum number of concurrent revocations. */
const concurrency = 16;

/** The outcome of revoking leaked keys. The keys are in plaintext. */
export interface LeakedKeys {
  /** Keys that this call revoked. */
  readonly revoked: ReadonlySet<string>;
  /** Keys that were revoked before this call. */
  readonly before: ReadonlySet<string>;
  /**
   * The errors of keys that could not be revoked. If there are any, other keys may have been skipped.
   */
  readonly failures: readonly unknown[];
}

/**
 * Revokes every API key among the given texts, which were found in public. If one key cannot be
 * revoked, the others still are. If the store does not respond, the remaining keys are skipped, and
 * can be revoked when GitHub repeats the alert. A repeated call returns the same keys.
 *
 * @param findsEarlier whether to also find keys that were revoked earlier. This reads the audit log
 *   once for each unknown key.
 * @returns the revoked keys even if others failed, so that callers can log how many were revoked.
 */
export async function revokeLeaked(
  dependencies: RevokeKeyDependencies,
  texts: Iterable<string>,
  by: Actor,
  findsEarlier = true,
): Promise<LeakedKeys> {
  const { store, digesters } = dependencies;
  // The iterator is shared by all workers, so each key is taken once.
  const waiting = [...new Set(texts)].filter(isKey).values();
  const revoked = new Set<string>();
  const before = new Set<string>();
  const failures: unknown[] = [];

  async function work(): Promise<void> {
    for (const key of waiting) {
      try {
        const outcome = await revokeKey(dependencies, key, by, 'found in public');
        if (outcome !== 'no_such_key') revoked.add(key);
        else if (findsEarlier && (await store.wasRevoked(idsOf(digesters, key)))) before.add(key);
      } catch (failure) {
        failures.push(failure);
        if (failure instanceof StoreUnavailableError || failure instanceof OutcomeUnknownError)
          return;
      }
    }
  }

  await Promise.all(Array.from({ length: concurrency }, work));
  return { revoked, before, failures };
}
