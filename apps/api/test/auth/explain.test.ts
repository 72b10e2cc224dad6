import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { hmacToken, signedToken } from '../harness/compact-token.ts';
import { rsaPair, startJwksServer } from '../harness/jwks-server.ts';
import { jwtSecret } from '../harness/tokens.ts';

const program = fileURLToPath(new URL('../../dev/token.ts', import.meta.url));

/** Runs `npm run token -- --explain` as its script does. */
function explain(token: string, environment: Record<string, string>, input?: string) {
  const parameters = [program, '--explain', input === undefined ? token : '-'];
  const env = { PATH: process.env['PATH'], KEY_PEPPERS: `a:${Buffer.alloc(32).toString('base64')}`, ...environment };
  return new Promise<{ code: number | null; output: string; complaint: string }>((resolve, reject) => {
    const child = spawn(process.execPath, parameters, { env });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text));
    child.once('error', reject).once('close', (code) => resolve({ code, output, complaint }));
    child.stdin.end(input ?? '');
  });
}

const now = Math.floor(Date.now() / 1000);
const good = { sub: 'user', exp: now + 60, iss: 'https://issuer.example', aud: 'api' };
const settings = { JWT_SECRETS: jwtSecret, JWT_ISSUER: good.iss, JWT_AUDIENCE: good.aud };
const by = (claims: object, header: object = { alg: 'HS256' }) => hmacToken(header, claims, jwtSecret);

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
])('names the reason %s', async (reason, token) => {
  const { code, output, complaint } = await explain(token, settings);
  expect([code, complaint]).toEqual([1, '']);
  expect(output).toMatch(new RegExp(`^401, reason ${reason}: .+\\.\n$`));
  if (token.length > 10) expect(output).not.toContain(token.slice(0, 10));
});

test('says what a token may do that verifies, read from standard input as well', async () => {
  const all = await explain('', settings, `${by(good)}\n`);
  expect(all).toEqual({
    code: 0,
    output: 'The token verifies.\napikey:read: allowed\napikey:write: allowed\n',
    complaint: '',
  });
  const reads = await explain(by({ ...good, scope: 'apikey:read' }), settings);
  expect(reads.output).toContain('apikey:write: 403, insufficient_scope');
  const unknown = await explain(by({ ...good, tier: 'gold' }), settings);
  expect([unknown.code, unknown.output]).toEqual([1, expect.stringContaining('403, unknown_tier')]);
});

test('asks the key set of the settings, and says why it could not', async () => {
  const jwks = await startJwksServer();
  onTestFinished(() => jwks.close());
  const pair = rsaPair();
  jwks.publish({ publicKey: pair.publicKey, members: { kid: 'one' } });
  const environment = { JWT_JWKS_URL: jwks.url };
  const signed = (kid: string) => signedToken({ alg: 'RS256', kid }, good, pair.privateKey);
  expect((await explain(signed('one'), environment)).code).toBe(0);
  expect((await explain(signed('two'), environment)).output).toContain('reason unknown_key');
  jwks.mode = 'redirects';
  const { code, complaint } = await explain(signed('one'), environment);
  expect([code, complaint]).toEqual([69, expect.stringContaining('The answer was a redirect (302) to ')]);
});
