import { describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/principal.ts';
import { secretKeys } from '../../src/auth/signing-keys.ts';
import { createTokenVerifier } from '../../src/auth/verify-token.ts';
import { hmacToken } from '../harness/compact-token.ts';

describe('secrets can be replaced without a gap', () => {
  const secrets = ['the secret that was there before, long enough', 'the secret that comes after it, long enough'];
  const verify = createTokenVerifier({
    keys: secretKeys(secrets),
    issuer: undefined,
    audience: undefined,
    now: Date.now,
  });
  const claims = { sub: 'user', exp: Date.now() / 1000 + 60 };

  test.each(secrets)('a token by %j verifies', async (secret) => {
    expect(await verify(hmacToken({ alg: 'HS256' }, claims, secret))).toMatchObject({ userId: 'user' });
  });

  test('a token by a secret that has left does not', async () => {
    const token = hmacToken({ alg: 'HS256' }, claims, 'a secret that has been removed from the list');
    expect(await verify(token)).toBe('signature');
  });

  test('a token from the future fixes no tier: it counts as issued now', async () => {
    const token = hmacToken({ alg: 'HS256' }, { ...claims, iat: 9e9 }, secrets[0] as string);
    const { tokenIssuedAt } = (await verify(token)) as Principal;
    expect(tokenIssuedAt).toBeLessThanOrEqual(Date.now() / 1000);
  });
});
