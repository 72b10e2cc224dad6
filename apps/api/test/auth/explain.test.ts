import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { jwtSecret } from '@andamio/testing/tokens';
import { expect, onTestFinished, test } from 'vitest';
import { hmacToken, signedToken } from '../harness/compact-token.ts';
import { rsaPair, startJwksServer } from '../harness/jwks-server.ts';

const program = fileURLToPath(new URL('../../dev/token.ts', import.meta.url));

/**
 * Runs `npm run token -- --explain`. If `input` is given, the program reads the token from standard
 * input.
 */
function explain(token: string, environment: Record<string, string>, input?: string) {
  const parameters = [program, '--explain', input === undefined ? token : '-'];
  const env = {
    PATH: process.env['PATH'],
    KEY_PEPPERS: `a:${Buffer.alloc(32).toString('base64')}`,
    ...environment,
  };
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, parameters, { env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input ?? '');
  });
}

const now = Math.floor(Date.now() / 1000);
const good = { sub: 'user', exp: now + 60, iss: 'https://issuer.example', aud: 'api' };
const settings = { JWT_SECRETS: jwtSecret, JWT_ISSUER: good.iss, JWT_AUDIENCE: good.aud };
const by = (claims: object, header: object = { alg: 'HS256' }) =>
  hmacToken(header, claims, jwtSecret);

test.each<[string, string]>([
  ['no_token', ''],
  ['malformed', 'x.y.z'],
  ['malformed', by(good, { alg: 'HS256', crit: ['x'] })],
  ['algorithm', by(good, { alg: 'RS256' })],
  ['signature', hmacToken({ alg: 'HS256' }, good, 'another secret that is long enough for HS256')],
  ['expired', by({ ...good, exp: now - 60 })],
  ['not_yet_valid', by({ ...good, nbf: now + 60 })],
  ['issuer', by({ ...good, iss: 'https://issuer.example/' })],
  ['audience', by({ ...good, aud: ['other'] })],
  ['claims', by({ ...good, sub: undefined })],
  ['claims', by({ ...good, exp: 'soon' })],
  ['claims', by({ ...good, tier: 5 })],
])('token --explain names the reason %s without printing the token', async (reason, token) => {
  const { code, stdout, stderr } = await explain(token, settings);
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(new RegExp(`^401, reason ${reason}: .+\\.\n$`));
  if (token.length > 10) expect(stdout).not.toContain(token.slice(0, 10));
});

test('token --explain lists the permissions of a valid token, also from standard input', async () => {
  const all = await explain('', settings, `${by(good)}\n`);
  expect(all).toEqual({
    code: 0,
    stdout: 'The token is valid.\napikey:read: allowed\napikey:write: allowed\n',
    stderr: '',
  });
  const reads = await explain(by({ ...good, scope: 'apikey:read' }), settings);
  expect(reads.stdout).toContain('apikey:write: 403, insufficient_scope');
  const unknown = await explain(by({ ...good, tier: 'gold' }), settings);
  expect([unknown.code, unknown.stdout]).toEqual([1, expect.stringContaining('403, unknown_tier')]);
});

test('token --explain fetches JWT_JWKS_URL, and prints why a fetch failed', async () => {
  const jwks = await startJwksServer();
  onTestFinished(() => jwks.close());
  const pair = rsaPair();
  jwks.publish({ publicKey: pair.publicKey, members: { kid: 'one' } });
  const environment = { JWT_JWKS_URL: jwks.url };
  const signed = (kid: string) => signedToken({ alg: 'RS256', kid }, good, pair.privateKey);
  expect((await explain(signed('one'), environment)).code).toBe(0);
  expect((await explain(signed('two'), environment)).stdout).toContain('reason unknown_key');
  jwks.mode = 'redirects';
  const { code, stderr } = await explain(signed('one'), environment);
  expect([code, stderr]).toEqual([
    69,
    expect.stringContaining('The response is a redirect (302) to '),
  ]);
});
