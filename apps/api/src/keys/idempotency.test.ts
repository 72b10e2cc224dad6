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

describe('a derived key', () => {
  const derive = createKeyDeriver([pepper('v2', 2), pepper('v1', 1)]);

  test('is a key by form and checksum, and the same each time, whichever pepper makes new ones', () => {
    const key = derive(request, source);
    expect(isKey(key)).toBe(true);
    expect(derive(request, source)).toBe(key);
    expect(createKeyDeriver([pepper('v1', 1)])(request, source)).toBe(key);
  });

  test.each([
    ['pepper', request, { ...source, pepperVersion: 'v2' }],
    ['nonce', request, { ...source, nonce: 'other' }],
    ['owner', { ...request, userId: 'other' }, source],
    ['operation', { ...request, operation: 'roll' as const }, source],
    ['Idempotency-Key', { ...request, idempotencyKey: 'other' }, source],
  ])('is another for another %s', (_, otherRequest, otherSource) => {
    expect(derive(otherRequest, otherSource)).not.toBe(derive(request, source));
  });

  test('does not depend on where the owner ends and the Idempotency-Key begins', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (one, two, three) => {
        const joined = derive({ ...request, userId: one + two, idempotencyKey: three }, source);
        expect(derive({ ...request, userId: one, idempotencyKey: two + three }, source)).not.toBe(
          joined,
        );
      }),
    );
  });

  test('under a pepper that is not configured cannot be had, and the error names the version alone', () => {
    expect(() => derive(request, { ...source, pepperVersion: 'v0' })).toThrow(
      'There is no pepper of the version v0 any more.',
    );
  });
});
