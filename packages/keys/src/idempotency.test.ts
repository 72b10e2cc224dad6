import { isKey } from '@andamio/schema/key-format';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyDeriver } from './idempotency.ts';

const pepper = (version: string, byte: number) => ({
  version,
  secret: new Uint8Array(32).fill(byte),
});
const request = { userId: 'owner', operation: 'request', idempotencyKey: 'key' } as const;
const source = { pepperVersion: 'v1', nonce: 'bm9uY2U' };

describe('deriving a key', () => {
  const derive = createKeyDeriver([pepper('v2', 2), pepper('v1', 1)]);

  test('derives the same valid key each time, whichever pepper comes first', () => {
    const key = derive(request, source);
    expect(isKey(key)).toBe(true);
    expect(derive(request, source)).toBe(key);
    expect(createKeyDeriver([pepper('v1', 1)])(request, source)).toBe(key);
  });

  // A release that derived other keys would answer a repeated request with a key that does not work.
  test('derives the key that earlier releases derived', () => {
    expect(derive(request, { pepperVersion: 'v1', nonce: 'bm9uY2UgMA' })).toBe(
      'ant-N6MGgIrAVg5qTDX9t42lAg9PELFGI7VpPp04gbe3',
    );
  });

  test.each([
    ['pepper', request, { ...source, pepperVersion: 'v2' }],
    ['nonce', request, { ...source, nonce: 'other' }],
    ['owner', { ...request, userId: 'other' }, source],
    ['operation', { ...request, operation: 'roll' as const }, source],
    ['Idempotency-Key', { ...request, idempotencyKey: 'other' }, source],
  ])('derives another key for another %s', (_, otherRequest, otherSource) => {
    expect(derive(otherRequest, otherSource)).not.toBe(derive(request, source));
  });

  test('derives distinct keys for owners and Idempotency-Keys that are equal when joined', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (one, two, three) => {
        const joined = derive({ ...request, userId: one + two, idempotencyKey: three }, source);
        expect(derive({ ...request, userId: one, idempotencyKey: two + three }, source)).not.toBe(
          joined,
        );
      }),
    );
  });

  test('throws for a pepper that is not configured, naming only its version', () => {
    expect(() => derive(request, { ...source, pepperVersion: 'v0' })).toThrow(
      'The pepper version v0 is not configured.',
    );
  });
});
