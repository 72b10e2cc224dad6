import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, test } from 'vitest';
import { storeThatThrows } from '../../test/harness/store-that-throws.ts';
import type { KeyRecord, RevokeCommand, View } from './model.ts';
import { revokeLeaked } from './revoke-leaked.ts';
import { type KeyStore, OutcomeUnknownError, StoreUnavailableError } from './store.ts';

const digesters = ['one', 'two'].map((pepperVersion) => ({
  pepperVersion,
  digest: (key: string) => `${pepperVersion}:${key}`,
}));
const github = { kind: 'github' } as const;
const keys = Array.from({ length: 100 }, () => makeKey());

/** Everything is somebody's; `fail` throws for what is to fail. */
function revoking(fail: (key: string) => void = () => {}) {
  const asked: RevokeCommand[] = [];
  let underWay = 0;
  let most = 0;
  const transact: KeyStore['transact'] = async (scope, decide) => {
    const ids = 'ids' in scope ? scope.ids : [];
    const id = ids[0] as string;
    const key = { id, serial: id, userId: 'owner', name: 'name', deleteAfter: 6 } as KeyRecord;
    const { outcome, changes } = decide({ located: key, key } as unknown as View);
    const [entry] = changes.flatMap((change) => (change.type === 'append_audit_entry' ? [change.entry] : []));
    asked.push({ ids, by: entry?.actor as RevokeCommand['by'], reason: entry?.reason, now: scope.now });
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    fail(id.slice('one:'.length));
    return outcome;
  };
  const dependencies = {
    store: { ...storeThatThrows(new Error('not asked for')), transact },
    digesters,
    now: () => 5_999,
  };
  return {
    dependencies,
    commands: () => asked,
    keys: () => asked.map(({ ids }) => (ids[0] as string).slice('one:'.length)).toSorted(),
    mostAtOnce: () => most,
  };
}

describe('revoking what was found in public', () => {
  test('asks for a key by its digest under every pepper, in the name of whoever found it', async () => {
    const { dependencies, commands } = revoking();
    await revokeLeaked(dependencies, [keys[0] as string], github);
    expect(commands()).toEqual([
      { ids: [`one:${keys[0]}`, `two:${keys[0]}`], by: github, reason: 'found in public', now: 5 },
    ]);
  });

  test('asks once for each key, for none that is mistyped, and for a bounded number at a time', async () => {
    const { dependencies, keys: asked, mostAtOnce } = revoking();
    const texts = [...keys, ...keys, 'ant-', `${keys[0]}x`, `ant-${'0'.repeat(40)}`];
    expect(await revokeLeaked(dependencies, texts, github)).toEqual({ revoked: new Set(keys), before: new Set() });
    expect(asked()).toEqual(keys.toSorted());
    expect(mostAtOnce()).toBe(16);
  });

  test('goes on with the others when one fails, and then tells it', async () => {
    const broken = keys[3];
    const { dependencies, keys: asked } = revoking((key) => {
      if (key === broken) throw new TypeError('a document does not fit');
    });
    await expect(revokeLeaked(dependencies, keys, github)).rejects.toThrow('a document does not fit');
    expect(asked()).toEqual(keys.toSorted());
  });

  test.each([StoreUnavailableError, OutcomeUnknownError])(
    'gives up soon where the store is at fault: %o',
    async (Fault) => {
      const { dependencies, keys: asked } = revoking(() => {
        throw new Fault('gone');
      });
      await expect(revokeLeaked(dependencies, keys, github)).rejects.toBeInstanceOf(Fault);
      expect(asked()).toHaveLength(16);
    },
  );
});
