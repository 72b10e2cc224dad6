import { logEvents } from '@andamio/schema/log-events';
import { startProcess } from '@andamio/testing/service-process';
import { expect, onTestFinished, test } from 'vitest';
import { signedToken } from '../harness/compact-token.ts';
import { expectError } from '../harness/expect-error.ts';
import { rsaPair, startJwksServer } from '../harness/jwks-server.ts';

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
  const token = signedToken(
    { alg: 'RS256', kid: 'rsa' },
    { sub: 'user', exp: Date.now() / 1000 + 3600 },
    rsaPair().privateKey,
  );
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
