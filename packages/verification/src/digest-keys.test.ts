import { makeKey } from '@andamio/schema/key-format';
import { describe, expect, test } from 'vitest';
import { createDigester, digestKeyOf } from './digest.ts';
import { digestKeys, parseDigestKeys } from './digest-keys.ts';

const peppers = ['b', 'a'].map((version) => ({ version, secret: Buffer.alloc(40, version) }));
const written = digestKeys(peppers);

describe('digest keys', () => {
  test('parsed digest keys produce the same digests as the peppers, in the same order', () => {
    const key = makeKey();
    const digests = (keys: readonly Parameters<typeof createDigester>[0][] | undefined) =>
      keys
        ?.map((digestKey) => createDigester(digestKey))
        .map((digester) => [digester.pepperVersion, digester.digest(key)]);
    expect(digests(parseDigestKeys(written))).toEqual(digests(peppers.map(digestKeyOf)));
  });

  test('digest keys do not contain any part of the peppers', () => {
    expect(written).toMatch(/^b:[A-Za-z0-9+/]{43}=,a:[A-Za-z0-9+/]{43}=$/);
    for (const { secret } of peppers)
      expect(written).not.toContain(secret.toString('base64').slice(0, 16));
  });

  test.each([
    ['an empty string', ''],
    ['a pair without a version', written.replace('b:', '')],
    ['a version in upper case', written.replace('b:', 'B:')],
    ['a duplicate version', written.replace('a:', 'b:')],
    ['a key that is too short', 'a:YQ=='],
    ['a key that is too long, such as a pepper', `a:${Buffer.alloc(40).toString('base64')}`],
    ['truncated base64', written.slice(0, -1)],
    ['a trailing line break', `${written}\n`],
    ['a trailing comma', `${written},`],
  ])('digest keys cannot be parsed from %s', (_what, text) => {
    expect(parseDigestKeys(text)).toBeUndefined();
  });
});
