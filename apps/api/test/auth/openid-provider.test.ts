import { logEvents } from '@andamio/schema/log-events';
import { startProcess } from '@andamio/testing/service-process';
import { expect, onTestFinished, test } from 'vitest';
import { discoveredKeys } from '../../src/auth/discovery.ts';
import { ecPair, edPair, rsaPair } from '../harness/jwks-server.ts';
import { providerAudience, startOpenIdProvider } from '../harness/openid-provider.ts';
import { verifierOf } from '../harness/verifier.ts';

const keys = { rsa: rsaPair(), ec: ecPair(), ed: edPair() };

async function startProvider() {
  const provider = await startOpenIdProvider(keys);
  onTestFinished(() => provider.stop().catch(() => {}));
  return provider;
}

const claimSettings = { JWT_TIER_CLAIM: '/plan/tier', JWT_TIERS: 'Free=pioneer,Pro=growth' };

/** Creates a token verifier configured with JWT_OIDC_ISSUER, and a clock that the test sets. */
function verifierFor(issuer: string) {
  const clock = { now: 0 };
  const keys = discoveredKeys({
    issuer,
    requireHttps: false,
    now: () => clock.now,
    onFailure: () => {},
  });
  const settings = { JWT_OIDC_ISSUER: issuer, JWT_AUDIENCE: providerAudience, ...claimSettings };
  return { verify: verifierOf(keys, settings), clock };
}

test.each(['RS256', 'ES256', 'EdDSA'] as const)(
  'verifies %s access tokens of an OpenID provider',
  async (algorithm) => {
    const provider = await startProvider();
    const { verify } = verifierFor(provider.issuer);
    expect(await verify(await provider.token({ algorithm, scope: 'apikey:write' }))).toMatchObject({
      userId: 'ci',
      tier: 'growth',
      scopes: new Set(['apikey:write']),
    });
    expect(await verify(await provider.token({ algorithm }))).toMatchObject({ scopes: undefined });
  },
);

test('follows a provider that rotates its keys, and rejects the withdrawn key within 5 minutes', async () => {
  const provider = await startProvider();
  const { verify, clock } = verifierFor(provider.issuer);
  const old = await provider.token();
  expect(await verify(old)).toMatchObject({ userId: 'ci' });

  const next = { 'rsa-2': rsaPair(), ec: keys.ec, ed: keys.ed };
  provider.rotate(next);
  const fresh = await provider.token();
  clock.now = 5_000;
  expect(await verify(fresh)).toMatchObject({ userId: 'ci' });
  clock.now = 305_001;
  expect(await verify(old)).toBe('unknown_key');
  expect(await verify(fresh)).toMatchObject({ userId: 'ci' });
  const configurations = provider.requests.filter((path) => path.includes('/.well-known/'));
  expect(configurations).toEqual(['/.well-known/openid-configuration']);
});

test('rejects a token of one provider at a service for another', async () => {
  const [one, other] = [await startProvider(), await startProvider()];
  expect(await verifierFor(one.issuer).verify(await other.token())).toBe('issuer');
});

test('starts while the provider is down, and works without a restart once it is up', async () => {
  const provider = await startProvider();
  const token = await provider.token({ algorithm: 'EdDSA', scope: 'apikey:read' });
  await provider.stop();
  const service = await startProcess({
    JWT_SECRETS: undefined,
    JWT_OIDC_ISSUER: provider.issuer,
    JWT_AUDIENCE: providerAudience,
    ...claimSettings,
  });
  onTestFinished(async () => void (await service.stop()));
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`${service.url}/api/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}` },
    });
    return response.status;
  };
  expect(await ask('user/me')).toBe(500);
  // The service writes the log lines of a request after the response.
  const warning = () => service.logged(logEvents.signingKeysUnavailable);
  await expect.poll(warning).toMatchObject({
    severity: 'WARNING',
    setting: 'JWT_OIDC_ISSUER',
    url: `${provider.issuer}/.well-known/openid-configuration`,
  });

  await provider.start();
  await expect.poll(() => ask('user/me'), { interval: 500 }).toBe(200);
  expect(await ask('apikey/request', 'POST')).toBe(403);
});
