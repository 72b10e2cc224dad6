import { createHmac, hkdfSync } from 'node:crypto';
import { makeKey } from '@andamio/schema/key-format';
import { expect, expectTypeOf, test } from 'vitest';
import { createDigester, digestKeyOf, type KeyId } from './digest.ts';

const pepper = { version: 'v1', secret: Buffer.alloc(32, 'pepper') };

test('the digest of a known key never changes, so that stored keys are still found', () => {
  const { pepperVersion, digest } = createDigester(digestKeyOf(pepper));
  expect(pepperVersion).toBe('v1');
  expect(digest(`ant-${'x'.repeat(40)}`)).toBe(
    'e087e80db084a8c0a843111810d0bdb6c1f0dbc5871cf7ccc1d641d8055a1237',
  );
});

test('a digest is the HMAC-SHA256 of the key under a key that HKDF derives from the pepper', () => {
  const key = makeKey();
  const derived = Buffer.from(
    hkdfSync('sha256', pepper.secret, '', 'andamio-api/key-digest/v1', 32),
  );
  const expected = createHmac('sha256', derived).update(key).digest('hex');
  expect(createDigester(digestKeyOf(pepper)).digest(key)).toBe(expected);
});

test('a digest key does not contain the pepper', () => {
  const { version, subkey } = digestKeyOf(pepper);
  expect([version, subkey.length]).toEqual(['v1', 32]);
  expect(Buffer.from(subkey).equals(pepper.secret)).toBe(false);
  expect(subkey.buffer.byteLength, 'the buffer is not shared with other data').toBe(32);
});

test('a key cannot be passed where a key id belongs', () => {
  expectTypeOf(makeKey()).not.toExtend<KeyId>();
  expectTypeOf<KeyId>().toExtend<string>();
});
