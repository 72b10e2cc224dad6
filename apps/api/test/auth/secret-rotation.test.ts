import { describe, expect, test } from 'vitest';
import type { Principal } from '../../src/auth/principal.ts';
import { secretKeys } from '../../src/auth/signing-keys.ts';
import { hmacToken } from '../harness/compact-token.ts';
import { verifierOf } from '../harness/verifier.ts';

describe('rotation of JWT_SECRETS', () => {
  const secrets = [
    'the previous secret, which is long enough',
    'the new secret, which is long enough as well',
  ];
  const verify = verifierOf(secretKeys(secrets));
  const claims = { sub: 'user', exp: Date.now() / 1000 + 60 };

  test.each(secrets)('accepts a token signed with %j', async (secret) => {
    expect(await verify(hmacToken({ alg: 'HS256' }, claims, secret))).toMatchObject({
      userId: 'user',
    });
  });

  test('rejects a token signed with a removed secret', async () => {
    const token = hmacToken(
      { alg: 'HS256' },
      claims,
      'a secret that has been removed from the list',
    );
    expect(await verify(token)).toBe('signature');
  });

  test('treats a token with iat in the future as issued now', async () => {
    const token = hmacToken({ alg: 'HS256' }, { ...claims, iat: 9e9 }, secrets[0] as string);
    const { tokenIssuedAt } = (await verify(token)) as Principal;
    expect(tokenIssuedAt).toBeLessThanOrEqual(Date.now() / 1000);
  });
});
