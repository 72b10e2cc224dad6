import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, test } from 'vitest';
import { createDigester, digestKeyOf } from './digest.ts';
import { digestKeys, parseDigestKeys } from './digest-keys.ts';

const peppers = ['b', 'a'].map((version) => ({ version, secret: Buffer.alloc(40, version) }));
const written = digestKeys(peppers);

describe('digest keys', () => {
  test('digest as the peppers do, and the first stays the first', () => {
    const key = makeKey();
    const digests = (keys: readonly Parameters<typeof createDigester>[0][] | undefined) =>
      keys
        ?.map((digestKey) => createDigester(digestKey))
        .map((digester) => [digester.pepperVersion, digester.digest(key)]);
    expect(digests(parseDigestKeys(written))).toEqual(digests(peppers.map(digestKeyOf)));
  });

  test('show nothing of the peppers', () => {
    expect(written).toMatch(/^b:[A-Za-z0-9+/]{43}=,a:[A-Za-z0-9+/]{43}=$/);
    for (const { secret } of peppers) expect(written).not.toContain(secret.toString('base64').slice(0, 16));
  });

  test.each([
    ['nothing', ''],
    ['no version', written.replace('b:', '')],
    ['a version of another form', written.replace('b:', 'B:')],
    ['a version twice', written.replace('a:', 'b:')],
    ['a key that is too short', 'a:YQ=='],
    ['a pepper that is longer', `a:${Buffer.alloc(40).toString('base64')}`],
    ['base64 without its end', written.slice(0, -1)],
    ['a line break behind', `${written}\n`],
    ['a comma behind', `${written},`],
  ])('are not %s', (_what, text) => {
    expect(parseDigestKeys(text)).toBeUndefined();
  });
});
