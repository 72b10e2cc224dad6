import { revokeLeaked } from '@andamio/keys/revoke-leaked';
import { type KeyStore, OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { makeKey } from '@andamio/schema/key-format';
import { command, keyId, present } from '@andamio/testing/store/commands';
import { createMemoryStore } from '@andamio/testing/store/memory-store';
import { withOperations } from '@andamio/testing/store/operations';
import { describe, expect, test } from 'vitest';

const digesters = ['one', 'two'].map((pepperVersion) => ({
  pepperVersion,
  digest: (key: string) => keyId(`${pepperVersion}:${key}`),
}));
const github = { kind: 'github' } as const;
const keys = Array.from({ length: 100 }, () => makeKey());

/** Creates a store in which every key exists. `fail` may throw for a key that is being revoked. */
async function revoking(fail: (key: string) => void = () => {}) {
  const store = withOperations(createMemoryStore());
  for (const key of keys) await store.issue(command({ id: keyId(`one:${key}`), name: key }));
  const asked: (readonly string[])[] = [];
  let underWay = 0;
  let most = 0;
  const transact: KeyStore['transact'] = async (scope, decide) => {
    const ids = 'ids' in scope ? scope.ids : [];
    asked.push(ids);
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    fail((ids[0] as string).slice('one:'.length));
    return store.transact(scope, decide);
  };
  return {
    store,
    dependencies: { store: { ...store, transact }, digesters, now: () => present * 1000 + 999 },
    ids: () => asked,
    keys: () => asked.map(([id]) => (id as string).slice('one:'.length)).toSorted(),
    mostAtOnce: () => most,
  };
}

describe('revoking leaked keys', () => {
  test('revokes a key by its digests under every pepper, and logs who reported it', async () => {
    const { store, dependencies, ids } = await revoking();
    await revokeLeaked(dependencies, [keys[0] as string], github);
    expect(ids()).toEqual([[`one:${keys[0]}`, `two:${keys[0]}`]]);
    const [entry] = await store.readAudit('owner');
    expect(entry).toMatchObject({
      at: present,
      actor: github,
      name: keys[0],
      reason: 'found in public',
    });
  });

  test('revokes each key once and at most 16 concurrently, and ignores mistyped ones', async () => {
    const { dependencies, keys: asked, mostAtOnce } = await revoking();
    const texts = [...keys, ...keys, 'ant-', `${keys[0]}x`, `ant-${'0'.repeat(40)}`];
    expect(await revokeLeaked(dependencies, texts, github)).toEqual({
      revoked: new Set(keys),
      before: new Set(),
      failures: [],
    });
    expect(asked()).toEqual(keys.toSorted());
    expect(mostAtOnce()).toBe(16);
  });

  test('revokes the other keys if one fails, and returns them with its error', async () => {
    const broken = keys[3];
    const failure = new TypeError('a document does not fit');
    const { dependencies, keys: asked } = await revoking((key) => {
      if (key === broken) throw failure;
    });
    expect(await revokeLeaked(dependencies, keys, github)).toEqual({
      revoked: new Set(keys.filter((key) => key !== broken)),
      before: new Set(),
      failures: [failure],
    });
    expect(asked()).toEqual(keys.toSorted());
  });

  test.each([StoreUnavailableError, OutcomeUnknownError])(
    'stops after the first 16 keys if the store fails with %o',
    async (Fault) => {
      const { dependencies, keys: asked } = await revoking(() => {
        throw new Fault('removed');
      });
      const { revoked, failures } = await revokeLeaked(dependencies, keys, github);
      expect(revoked.size).toBe(0);
      expect(failures[0]).toBeInstanceOf(Fault);
      expect(asked()).toHaveLength(16);
    },
  );
});
