import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, test } from 'vitest';
import { revokeLeaked } from './revoke-leaked.ts';
import { OutcomeUnknownError, StoreUnavailableError } from './store.ts';

const digesters = ['one', 'two'].map((pepperVersion) => ({
  pepperVersion,
  digest: (key: string) => `${pepperVersion}:${key}`,
}));
const github = { kind: 'github' } as const;
const keys = Array.from({ length: 100 }, () => makeKey());

/** Everything is somebody's; `fail` throws for what is to fail. */
function revoking(fail: (key: string) => void = () => {}) {
  const asked: string[] = [];
  let underWay = 0;
  let most = 0;
  const revoke = async ([id]: readonly string[]) => {
    const key = (id as string).slice(4);
    asked.push(key);
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    fail(key);
    return { id: id as string, userId: 'owner', name: 'name' };
  };
  return { revoke, asked, mostAtOnce: () => most };
}

describe('revoking what was found in public', () => {
  test('asks for a key by its digest under every pepper, in the name of whoever found it', async () => {
    const calls: unknown[] = [];
    const revoke = async (...call: unknown[]) => void calls.push(call);
    expect(await revokeLeaked({ digesters, revoke: revoke as never }, [keys[0] as string], github)).toEqual(new Set());
    expect(calls).toEqual([[[`one:${keys[0]}`, `two:${keys[0]}`], github]]);
  });

  test('asks once for each key, for none that is mistyped, and for a bounded number at a time', async () => {
    const { revoke, asked, mostAtOnce } = revoking();
    const texts = [...keys, ...keys, 'ant-', `${keys[0]}x`, `ant-${'0'.repeat(40)}`];
    expect(await revokeLeaked({ digesters, revoke }, texts, github)).toEqual(new Set(keys));
    expect(asked.toSorted()).toEqual(keys.toSorted());
    expect(mostAtOnce()).toBe(16);
  });

  test('goes on with the others when one fails, and then tells it', async () => {
    const broken = keys[3];
    const { revoke, asked } = revoking((key) => {
      if (key === broken) throw new TypeError('a document does not fit');
    });
    await expect(revokeLeaked({ digesters, revoke }, keys, github)).rejects.toThrow('a document does not fit');
    expect(asked.toSorted()).toEqual(keys.toSorted());
  });

  test.each([StoreUnavailableError, OutcomeUnknownError])(
    'gives up soon where the store is at fault: %o',
    async (Fault) => {
      const { revoke, asked } = revoking(() => {
        throw new Fault('gone');
      });
      await expect(revokeLeaked({ digesters, revoke }, keys, github)).rejects.toBeInstanceOf(Fault);
      expect(asked).toHaveLength(16);
    },
  );
});
