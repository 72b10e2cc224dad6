import { isKey } from '@andamio/schema/key-format';
import type { Digester } from '@andamio/verification/digest';
import type { Actor } from './audit.ts';
import { OutcomeUnknownError, StoreUnavailableError } from './store.ts';

/** How many keys are revoked at a time. */
const concurrency = 16;

/** A key that is ended for everybody, whoever holds it. */
export interface RevokedKey {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
}

export interface RevokeLeakedDependencies {
  /** One for each pepper. */
  readonly digesters: readonly Digester[];
  /** Ends the key that has one of these ids, and says in the audit log by whom. Undefined where nobody holds it. */
  readonly revoke: (ids: readonly string[], by: Actor) => Promise<RevokedKey | undefined>;
}

/**
 * Revokes every key among texts that somebody found in public. One that fails keeps none of the others from it; once the store
 * itself is at fault, the rest is left for when the alert is repeated.
 *
 * @returns the texts that were keys which somebody held.
 * @throws what `revoke` threw, after all that could be done was done.
 */
export async function revokeLeaked(
  { digesters, revoke }: RevokeLeakedDependencies,
  texts: Iterable<string>,
  by: Actor,
): Promise<ReadonlySet<string>> {
  const waiting = [...new Set(texts)].filter(isKey).values(); // One for all workers: each key is taken by one of them.
  const revoked = new Set<string>();
  const failures: unknown[] = [];

  async function work(): Promise<void> {
    for (const key of waiting) {
      try {
        const ids = digesters.map(({ digest }) => digest(key));
        if ((await revoke(ids, by)) !== undefined) revoked.add(key);
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
