import type { RevokeLeakedDependencies } from '../../src/keys/revoke-leaked.ts';
import type { KeyStore } from '../../src/keys/store.ts';

/** Revokes keys as their owners would. */
export function revokeIn(store: KeyStore, now: () => number): RevokeLeakedDependencies['revoke'] {
  return async (ids) => {
    const found = await store.find(ids);
    if (found === undefined) return undefined;
    const { id, userId, name } = found.record;
    const outcome = await store.delete({
      userId,
      name,
      tierClaim: { tier: found.tier, issuedAt: 0 },
      now: Math.floor(now() / 1000),
    });
    return outcome === 'no_such_key' ? undefined : { id, userId, name };
  };
}
