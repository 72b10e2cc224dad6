import { logEvents } from '@andamio/schema/log-events';
import { startProcess } from '@andamio/testing/service-process';
import { expect, onTestFinished, test } from 'vitest';
import { signedToken } from '../harness/compact-token.ts';
import { expectError } from '../harness/expect-error.ts';
import { rsaPair, startJwksServer } from '../harness/jwks-server.ts';

const userToken = () =>
  signedToken(
    { alg: 'RS256', kid: 'rsa' },
    { sub: 'user', exp: Date.now() / 1000 + 3600 },
    rsaPair().privateKey,
  );

test('a failed fetch of signing keys is a 500 with the request id, and logs the message that the alert matches, with setting, URL and cause', async () => {
  const jwks = await startJwksServer();
  jwks.mode = 'fails';
  const service = await startProcess({
    JWT_SECRETS: undefined,
    JWT_JWKS_URL: `${jwks.url}?code=hunter2`,
  });
  onTestFinished(async () => {
    await Promise.all([service.stop(), jwks.close()]);
  });
  const token = userToken();
  const response = await fetch(`${service.url}/api/v1/user/me`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { status, headers } = response;
  const body = (await response.json()) as Record<string, unknown>;
  expectError({ status, headers, body }, 500, 'signing_keys_unavailable');
  expect(body['details']).toContain(headers.get('x-request-id'));
  expect(JSON.stringify(body), 'the URL is internal').not.toContain(new URL(jwks.url).host);
  // The service writes the log lines of a request after the response.
  const warning = () => service.logged(logEvents.signingKeysUnavailable);
  await expect.poll(warning).toMatchObject({
    severity: 'WARNING',
    setting: 'JWT_JWKS_URL',
    url: jwks.url,
    err: { message: expect.stringContaining('500') },
  });
  expect(service.output(), 'the query of the URL may contain secrets').not.toContain('hunter2');
});

test('a token whose signing keys cannot be fetched is not counted against the address limit', async () => {
  const jwks = await startJwksServer();
  jwks.mode = 'fails';
  const service = await startProcess({
    JWT_SECRETS: undefined,
    JWT_JWKS_URL: jwks.url,
    IP_RATE_LIMIT_PER_MINUTE: '2',
  });
  onTestFinished(async () => {
    await Promise.all([service.stop(), jwks.close()]);
  });
  const statusOf = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await fetch(`${service.url}/api/v1/user/me`, { headers })).status;
  };
  for (let sent = 0; sent < 4; sent++) expect(await statusOf(userToken())).toBe(500);
  for (let sent = 0; sent < 2; sent++) expect(await statusOf('malformed')).toBe(401);
  expect(await statusOf(userToken())).toBe(429);
});
