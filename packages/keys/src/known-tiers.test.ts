import { expect, test } from 'vitest';
import { KnownTiers, notingTiers } from './known-tiers.ts';
import type { KeyStore } from './store.ts';

const stored = { tier: 'pioneer', issuedAt: 200 } as const;
const older = { tier: 'growth', issuedAt: 100 } as const;

test.each<[string, (store: KeyStore) => Promise<unknown>]>([
  ['list', (store) => store.list('owner', 0)],
  ['page', (store) => store.page({ userId: 'owner' } as never)],
  ['readTierClaim', (store) => store.readTierClaim('owner')],
])('a claim that %s reads replaces the claim of an older token', async (_, read) => {
  const store = {
    list: async () => ({ tierClaim: stored }),
    page: async () => ({ tierClaim: stored }),
    readTierClaim: async () => stored,
  } as unknown as KeyStore;
  const known = new KnownTiers();
  expect(known.note('owner', older)).toBe('growth');
  await read(notingTiers(store, known));
  expect(known.note('owner', older)).toBe('pioneer');
});
