import { readFile } from 'node:fs/promises';
import { freePort } from '@andamio/testing/free-port';
import { tokenFor } from '@andamio/testing/tokens';
import { expect, test } from 'vitest';
import { andamio, inShell, startService } from './harness/cli.ts';
import { refusing, startServer } from './harness/front.ts';

const token = tokenFor('someone');
const nowhere = { ANDAMIO_URL: `http://127.0.0.1:${await freePort()}`, ANDAMIO_TOKEN: token };

test('an invalid command line is exit code 64, without a request', async () => {
  const result = await andamio(['keys', 'list', '--url', 'http://user:secret@host'], {
    env: nowhere,
  });
  expect(result).toEqual({
    code: 64,
    stdout: '',
    stderr: '--url must be an https URL without credentials, query or fragment. See --help.\n',
  });
});

test('a wrong ANDAMIO_URL is refused with exit code 78 and not quoted', async () => {
  const env = { ...nowhere, ANDAMIO_URL: 'http://user:secret@host' };
  const { code, stderr } = await andamio(['keys', 'list'], { env });
  expect(code).toBe(78);
  expect(stderr).toMatch(/^ANDAMIO_URL must be/);
  expect(stderr).not.toContain('secret');
});

test('a service that does not respond is exit code 69', async () => {
  const { code, stdout, stderr } = await andamio(['keys', 'list'], { env: nowhere });
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  expect(stderr).toMatch(/^network: .*ECONNREFUSED/);
});

test('login says why the service does not respond, and tells that from a failure', async () => {
  const { code, stderr } = await andamio(['login', '--url', nowhere.ANDAMIO_URL]);
  expect({ code, stderr }).toEqual({
    code: 69,
    stderr: 'The service does not respond (ECONNREFUSED). Check its URL and your connection.\n',
  });
  const { url } = await startServer(refusing(503, 'not_ready'));
  const failed = await andamio(['login', '--url', url]);
  expect(failed).toMatchObject({ code: 69, stderr: 'The service failed (503). Retry later.\n' });
});

test.each([
  [500, 'outcome_unknown', {}, 69],
  [403, 'suspended', {}, 1],
  [403, 'insufficient_scope', {}, 77],
  [429, 'key_limit_reached', {}, 1],
  [429, 'rate_limited', { 'retry-after': '3600' }, 75],
] as const)(
  'a response of %d with %s is reported by its exit code',
  async (status, code, headers, expected) => {
    const { url } = await startServer(refusing(status, code, headers));
    const result = await andamio(['keys', 'delete', 'name', '--yes', '--url', url], {
      env: nowhere,
    });
    expect(result).toMatchObject({ code: expected, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`^${code}: why`));
  },
);

test('a response that is not of the API is exit code 69', async () => {
  const { url } = await startServer((_, response) => void response.end('<h1>Captive portal</h1>'));
  const { code, stderr } = await andamio(['keys', 'list', '--url', url], { env: nowhere });
  expect(code).toBe(69);
  expect(stderr).toMatch(/^unexpected_answer: .*\nCheck the URL of the service\.\n$/);
});

test.each(['/other', '/api/v2'])('the URL of another path %s is to be checked', async (path) => {
  const { url } = await startService();
  const { code, stderr } = await andamio(['keys', 'list', '--url', url + path], { env: nowhere });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^not_found: .*\nCheck the URL of the service\.\n$/);
});

test('control characters in names and messages of the service are escaped, also in JSON', async () => {
  const name = 'a\x1b]0;title\x07\u202eb\x9b31m';
  const key = {
    id: 'id',
    name,
    start: 'ant-\x1b[2J',
    state: 'active',
    created_at: '\x1b[2J',
    expires_at: '2027-01-01T00:00:00Z',
    previous_expires_at: null,
    last_used_at: null,
    requests_30d: 0,
  };
  const { url } = await startServer(({ path }, response) => {
    const isList = path.includes('/list');
    response.writeHead(isList ? 200 : 422, {
      'content-type': 'application/json',
      'x-error-code': 'invalid_field',
    });
    const body = isList ? { keys: [key], next_page_token: null } : { details: name };
    response.end(JSON.stringify(body));
  });
  const table = await andamio(['keys', 'list', '--url', url], { env: nowhere });
  const json = await andamio(['keys', 'list', '--json', '--url', url], { env: nowhere });
  const failed = await andamio(['keys', 'create', 'x', '--url', url], { env: nowhere });
  for (const { stdout, stderr } of [table, json, failed])
    expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  expect(table.stdout).toContain('a\\u{1b}]0;title');
  expect(failed.stderr).toContain('a\\u{1b}]0;title');
  expect(JSON.parse(json.stdout).keys[0]).toEqual(key);
});

test.each(['usage', '--help'])(
  'a reader that closes the pipe of %s early is no failure',
  async (args) => {
    const { url } = await startService();
    const { code, stderr } = await inShell(`$ANDAMIO ${args} | true`, {
      env: { ANDAMIO_URL: url, ANDAMIO_TOKEN: token },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  },
);

test.each(['usage', '--help', '--version'])(
  'output of %s that cannot be written is exit code 74',
  async (args) => {
    const { url } = await startService();
    const { code, stderr } = await inShell(`$ANDAMIO ${args} > /dev/full`, {
      env: { ANDAMIO_URL: url, ANDAMIO_TOKEN: token },
    });
    expect({ code, stderr }).toEqual({
      code: 74,
      stderr: 'The output could not be written (ENOSPC), but the command has completed.\n',
    });
  },
);

test('every command is in the README, and has a help that names its credential, its options and the exit codes', async () => {
  const { stdout } = await andamio(['--help']);
  const commands = [...stdout.matchAll(/^ {2}((?:[a-z]+ )?[a-z]+)(?: [A-Z]+)? {2,}\S/gm)].map(
    ([, verb = '']) => verb,
  );
  expect(commands).toContain('keys create');
  expect(commands.length).toBeGreaterThanOrEqual(8);
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  for (const verb of commands) {
    expect(readme).toMatch(new RegExp(`^\\| \`${verb}[ \`]`, 'm'));
    const { code, stdout: help } = await andamio([...verb.split(' '), '--help']);
    expect(code).toBe(0);
    expect(help).toMatch(new RegExp(`^andamio ${verb}( [A-Z]+)? \\[OPTIONS\\]\n`));
    expect(help).toMatch(/\nNeeds /);
    expect(help).toContain('  --json\n');
    expect(help).toContain('Exit codes: 0 done');
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  }
});

test('--help on a group lists its commands, and --version names the version', async () => {
  const { stdout } = await andamio(['keys', '--help']);
  expect(stdout).toContain('  keys roll NAME');
  expect(stdout).not.toMatch(/^ {2}usage/m);
  expect((await andamio(['--version'])).stdout).toMatch(/^andamio \d+\.\d+\.\d+ \(Node \d+/);
});
