import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@andamio/testing/free-port';
import jwt from 'jsonwebtoken';
import { describe, expect, onTestFinished, test } from 'vitest';
import { program, script } from './harness/scripts.ts';

const secret = 'the-jwt-secret-of-a-stack-0123456789';

/** Starts a service that always sends the same response, and records its requests. */
async function service(status: number, answer: object) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(status).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/**
 * Runs request-key for a stack with the given outputs. In Secret Manager, the stack's JWT secrets
 * have version 2.
 */
async function requestKey(outputs: object, env: Record<string, string> = {}) {
  const settings = {
    'andamio:jwtIssuer': { value: 'issuer' },
    'andamio:jwtAudience': { value: 'audience' },
  };
  const pulumi = program(
    'pulumi',
    `case "$1" in config) echo '${JSON.stringify(settings)}' ;; *) echo '${JSON.stringify(outputs)}' ;; esac`,
  );
  const gcloud = program('gcloud', `printf '%s' '${secret},an-older-one'`);
  const ended = await script('infra/scripts/request-key.ts', ['dev'], {
    ...env,
    PATH: `${pulumi.folder}:${gcloud.env.PATH}`,
  });
  return { ...ended, gcloudCalls: gcloud.calls() };
}

const place = { project: 'my-project', service: 'andamio-api' };
const withSecrets = (host: string) => ({ host, place, secretVersions: { jwtSecretsVersion: 2 } });
const withKeySet = (host: string) => ({ host, place, secretVersions: {} });

describe('npx -y pnpm@12 request-key', () => {
  test('signs a token with the JWT secret of the stack, and prints the issued key', async () => {
    const { host, requests } = await service(200, { api_key: 'ant-key' });
    const { code, stdout, gcloudCalls } = await requestKey(withSecrets(host));
    expect([code, stdout]).toEqual([0, expect.stringContaining('"api_key": "ant-key"')]);
    expect(requests[0]?.url).toBe('/api/v1/apikey/request');
    const token = requests[0]?.headers.authorization?.replace('Bearer ', '') as string;
    expect(jwt.verify(token, secret, { issuer: 'issuer', audience: 'audience' })).toBeTruthy();
    expect(gcloudCalls).toEqual([
      'secrets versions access 2 --secret=andamio-api-jwt-secrets --project=my-project',
    ]);
  });

  test('sends the token in TOKEN, and then reads no secret', async () => {
    const { host, requests } = await service(200, {});
    const { code, gcloudCalls } = await requestKey(withKeySet(host), { TOKEN: 'of-the-issuer' });
    expect([code, requests[0]?.headers.authorization]).toEqual([0, 'Bearer of-the-issuer']);
    expect(gcloudCalls).toEqual([]);
  });

  test('explains how to pass a token if only the issuer can sign tokens', async () => {
    const { code, stderr } = await requestKey(withKeySet('http://127.0.0.1:1'));
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('TOKEN=... npx -y pnpm@12 request-key dev'),
    ]);
  });

  test('prints the command that deploys the service if there is none', async () => {
    const { code, stderr } = await requestKey({});
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('npx -y pnpm@12 pulumi up --stack dev'),
    ]);
  });

  test('prints the response if the service rejects the request', async () => {
    const { host } = await service(401, { details: 'The token has expired.' });
    const { code, stderr } = await requestKey(withSecrets(host));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/responded with 401: .*The token has expired/),
    ]);
  });

  test('prints the system error if the service cannot be reached', async () => {
    const { code, stderr } = await requestKey(withSecrets(`http://127.0.0.1:${await freePort()}`));
    expect([code, stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
  });
});
