import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { jwtSecret } from '@andamio/testing/tokens';
import { expect, onTestFinished, test } from 'vitest';
import { explainToken } from '../../dev/explain-token.ts';
import { completeSettings } from '../../src/process/development-secrets.ts';
import { readSettings } from '../../src/settings.ts';
import { hmacToken, signedToken } from '../harness/compact-token.ts';
import { rsaPair, startJwksServer } from '../harness/jwks-server.ts';

const program = fileURLToPath(new URL('../../dev/token.ts', import.meta.url));

const pepper = { KEY_PEPPERS: `a:${Buffer.alloc(32).toString('base64')}` };

/** Runs `npm run token` with the given arguments, environment and standard input. */
function run(parameters: readonly string[], environment: Record<string, string>, input = '') {
  const env = { PATH: process.env['PATH'], ...pepper, ...environment };
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...parameters], { env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}

/** Explains a token in this process, as `npm run token -- --explain` does. */
const explain = (token: string, environment: Record<string, string>) =>
  explainToken(token, completeSettings(readSettings({ ...pepper, ...environment })));

const now = Math.floor(Date.now() / 1000);
const good = { sub: 'user', exp: now + 3_600, iss: 'https://issuer.example', aud: 'api' };
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
])('explains the reason %s without the token', async (reason, token) => {
  const { accepted, text } = await explain(token, settings);
  expect(accepted).toBe(false);
  expect(text).toMatch(new RegExp(`^401, reason ${reason}: .+\\.$`));
  if (token.length > 10) expect(text).not.toContain(token.slice(0, 10));
});

test('explains the permissions of a valid token', async () => {
  const reads = await explain(by({ ...good, scope: 'apikey:read' }), settings);
  expect(reads.text).toContain('apikey:write: 403, insufficient_scope');
  const unknown = await explain(by({ ...good, tier: 'gold' }), settings);
  expect(unknown).toEqual({
    accepted: false,
    text: expect.stringContaining('403, unknown_tier'),
  });
});

test('token --explain prints the explanation, also of a token from standard input', async () => {
  const expired = await run(['--explain', by({ ...good, exp: now - 60 })], settings);
  expect(expired).toEqual({
    code: 1,
    stdout: expect.stringMatching(/^401, reason expired: .+\.\n$/),
    stderr: '',
  });
  expect(await run(['--explain', '-'], settings, `${by(good)}\n`)).toEqual({
    code: 0,
    stdout: 'The token is valid.\napikey:read: allowed\napikey:write: allowed\n',
    stderr: '',
  });
});

test('token --explain fetches JWT_JWKS_URL, and prints why a fetch failed', async () => {
  const jwks = await startJwksServer();
  onTestFinished(() => jwks.close());
  const pair = rsaPair();
  jwks.publish({ publicKey: pair.publicKey, members: { kid: 'one' } });
  const environment = { JWT_JWKS_URL: jwks.url };
  const signed = (kid: string) => signedToken({ alg: 'RS256', kid }, good, pair.privateKey);
  expect((await explain(signed('one'), environment)).accepted).toBe(true);
  expect((await explain(signed('two'), environment)).text).toContain('reason unknown_key');
  jwks.mode = 'redirects';
  const { code, stderr } = await run(['--explain', signed('one')], environment);
  expect([code, stderr]).toEqual([
    69,
    expect.stringContaining('The response is a redirect (302) to '),
  ]);
});

test('token prints a token that the service accepts, whatever names the settings give to claims', async () => {
  const named = {
    ...settings,
    JWT_AUDIENCE: 'one,two',
    JWT_SUBJECT_CLAIM: '/user/id',
    JWT_TIER_CLAIM: '/user/tier',
    JWT_SCOPE_CLAIM: 'scp',
    JWT_AUDIENCE_CLAIM: 'client_id',
    JWT_ALIAS_CLAIM: 'https://a.example/name',
    JWT_DEFAULT_TIER: 'none',
    JWT_SCOPE_REQUIRED: 'on',
    JWT_REQUIRED_CLAIMS: '/user/kind=human|robot,act!=any',
  };
  const parameters = ['--sub', 'alice', '--tier', 'growth', '--alias', 'Ada'];
  const { stdout } = await run([...parameters, '--scope', 'apikey:read apikey:write'], named);
  const payload = Buffer.from(stdout.split('.')[1] as string, 'base64url').toString();
  expect(JSON.parse(payload)).toEqual({
    user: { kind: 'human', id: 'alice', tier: 'growth' },
    iss: good.iss,
    client_id: 'one',
    scp: 'apikey:read apikey:write',
    'https://a.example/name': 'Ada',
    iat: expect.any(Number),
    exp: expect.any(Number),
  });
  expect(await explain(stdout.trim(), named)).toEqual({
    accepted: true,
    text: 'The token is valid.\napikey:read: allowed\napikey:write: allowed',
  });
});

test('explains the configured claims and conditions', async () => {
  const { text } = await explain(by(good), {
    ...settings,
    JWT_SUBJECT_CLAIM: 'uid',
    JWT_REQUIRED_CLAIMS: 'azp=one|two,sts!=pending',
  });
  expect(text).toContain('uid (1 to 128 characters)');
  expect(text).toContain('JWT_REQUIRED_CLAIMS: azp is "one" or "two"; sts is not "pending".');
});

test('token --explain finds the keys of JWT_OIDC_ISSUER, and prints both issuers if they differ', async () => {
  const provider = await startJwksServer();
  onTestFinished(() => provider.close());
  const issuer = new URL(provider.url).origin;
  provider.answer = { issuer: 'https://other.example', jwks_uri: provider.url };
  const token = signedToken({ alg: 'RS256' }, { ...good, iss: issuer }, rsaPair().privateKey);
  const { code, stderr } = await run(['--explain', token], { JWT_OIDC_ISSUER: issuer });
  expect(code).toBe(69);
  expect(stderr).toContain(`The document has the issuer "https://other.example", not "${issuer}".`);
});
