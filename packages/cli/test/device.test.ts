import { lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type StartedDeviceLogin } from '@andamio/client';
import { makeKey } from '@andamio/schema/key-format';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, test } from 'vitest';
import { andamio, inShell, startAndamio, startService, temporaryFolder } from './harness/cli.ts';
import { forward, losingFirst, refusing, relay, startServer } from './harness/front.ts';

const machine = () => ({ XDG_CONFIG_HOME: temporaryFolder() });

/**
 * A response to a poll: an error code of the contract, a status without a body, a body that is not
 * valid, or a key.
 */
type Answer = string | number | 'broken' | { readonly api_key: string; readonly name: string };

interface Poll {
  readonly at: number;
}

/**
 * Starts a fake service that answers the polls of a device login with the given responses in turn.
 * The real service requires 5 seconds between polls.
 */
async function fakeService(
  answers: readonly (Answer | Promise<Answer>)[],
  started: Record<string, unknown> = {},
) {
  const polls: Poll[] = [];
  const service = await startServer(async ({ path, headers }, response) => {
    response.setHeader('content-type', 'application/json');
    if (!path.endsWith('/device/token')) {
      const host = `http://${headers.host}`;
      const body = {
        device_code: 'a-device-code',
        user_code: 'WDJB-MJHT',
        verification_uri: `${host}/console/device`,
        interval: 0.05,
        expires_in: 60,
        ...started,
      };
      response.end(JSON.stringify(body));
      return;
    }
    const answer = (await answers[polls.push({ at: performance.now() }) - 1]) as Answer;
    if (answer === 'broken') {
      response.socket?.destroy();
    } else if (typeof answer === 'object') {
      const times = { created_at: '2026-01-01T00:00:00Z', expires_at: '2026-02-01T00:00:00Z' };
      response.end(JSON.stringify({ ...times, expires_in_days: 31, is_active: true, ...answer }));
    } else {
      const code = typeof answer === 'string' ? answer : 'internal';
      const statuses: Record<string, number> = {
        name_taken: 422,
        expiry_too_late: 422,
        suspended: 403,
        key_limit_reached: 429,
      };
      const status = typeof answer === 'string' ? (statuses[answer] ?? 400) : answer;
      response.writeHead(status, { 'x-error-code': code });
      response.end(JSON.stringify({ details: 'why', message: 'Bad Request', error: code }));
    }
  });
  return { url: service.url, polls };
}

/** The message about a key of a device login that may exist. */
const mayExist = (url: string, name = 'device-one') =>
  `If you approved the login, the key ${name} may exist, but is lost. To find and delete it, open ${url}/console, or run:\n  andamio keys list --url ${url}\n  andamio keys delete ${name} --url ${url}\n`;

const logIn = (url: string, env: Record<string, string | undefined> = machine()) =>
  andamio(['login', '--device', '--name', 'one', '--url', url], { env });

test('a user approves a login by device, and the command stores the key and prints only its start', async () => {
  const { url } = await startService({ DEVICE_LOGIN: 'on', MAX_EXPIRES_IN_DAYS: '14' });
  const env = { ...machine(), ANDAMIO_URL: url };
  const folder = env.XDG_CONFIG_HOME;
  // Without DISPLAY, no browser can be opened, so --device is not needed.
  const result = inShell(`$ANDAMIO login --name laptop 2> ${folder}/shown`, { env });
  let code = '';
  await expect
    .poll(
      async () => {
        const shown = await readFile(join(folder, 'shown'), 'utf8').catch(() => '');
        code = /enter this code: {2}(\w{4}-\w{4})/.exec(shown)?.[1] ?? '';
        return code;
      },
      { timeout: 20_000 },
    )
    .not.toBe('');
  const user = createClient({ baseUrl: url, token: tokenFor('walker', { tier: 'growth' }) });
  await user.approveDeviceLogin({ user_code: code });
  await user.approveDeviceLogin({ user_code: code, decision: 'approve' });
  expect(await result).toMatchObject({ code: 0, stdout: '' });
  const shown = await readFile(join(folder, 'shown'), 'utf8');
  expect(shown).toContain(`  ${url}/console/device\n`);
  expect(shown).toContain('Never enter a code somebody sent you.');
  const key = (await andamio(['print-key'], { env })).stdout.trim();
  expect(shown).toContain(`with the new key device-laptop (${key.slice(0, 8)}…)`);
  expect(shown).not.toContain(key);
  const [, expiry = ''] = /It expires on (.{16}) UTC/.exec(shown) ?? [];
  const days = (Date.parse(`${expiry}Z`) - Date.now()) / 86_400_000;
  expect(Math.round(days), 'the maximum of the service').toBe(14);
  expect((await andamio(['whoami'], { env })).stdout).toMatch(/^User +walker\n/);
});

test('a service without device logins says so, and without any sign-in too', async () => {
  const { url } = await startService();
  expect(await logIn(url)).toMatchObject({
    code: 77,
    stderr: 'This service has no login for machines without a browser.\n',
  });
  const { code, stderr } = await andamio(['login', '--url', url], { env: machine() });
  expect(code).toBe(77);
  expect(stderr).toMatch(/^This service has no sign-in for programs\. Set ANDAMIO_TOKEN/);
});

test('the command polls until the key arrives, and logs in again under a name of its own', async () => {
  const key = makeKey();
  const { url, polls } = await fakeService([
    'authorization_pending',
    'authorization_pending',
    { api_key: key, name: 'device-one' },
    { api_key: makeKey(), name: 'device-two' },
  ]);
  const env = machine();
  expect(await logIn(url, env)).toMatchObject({ code: 0, stdout: '' });
  expect(polls).toHaveLength(3);
  const again = await logIn(url, env);
  expect(again.stderr).toContain(
    `The key device-one (${key.slice(0, 8)}…) of the previous login was not deleted. Unless it was deleted elsewhere, it is valid until 2026-02-01 00:00 UTC. If no other program uses it, delete it: andamio keys delete device-one --url ${url}\n`,
  );
});

test('logout prints a command for the shell, also for a name with spaces', async () => {
  const { url } = await fakeService([{ api_key: makeKey(), name: "device-Ada's laptop" }]);
  const env = machine();
  await logIn(url, env);
  const { stderr } = await andamio(['logout', '--url', url], { env });
  expect(stderr).toContain(
    `To delete it: andamio keys delete 'device-Ada'\\''s laptop' --url ${url}\n`,
  );
});

test('the file of a login may be a symbolic link: login writes its target, logout removes it', async () => {
  const [first, second] = [makeKey(), makeKey()];
  const { url } = await fakeService([
    { api_key: first, name: 'device-first' },
    { api_key: second, name: 'device-second' },
  ]);
  const env = machine();
  const folder = join(env.XDG_CONFIG_HOME, 'andamio', 'logins');
  const link = join(folder, `${encodeURIComponent(url)}.json`);
  const target = join(env.XDG_CONFIG_HOME, 'secure.json');
  await mkdir(folder, { recursive: true });
  await symlink('../../secure.json', link);
  for (const key of [first, second]) {
    expect(await logIn(url, env)).toMatchObject({ code: 0 });
    expect(await readFile(target, 'utf8')).toContain(key);
    expect((await lstat(target)).mode & 0o777).toBe(0o600);
  }
  expect(await andamio(['logout', '--url', url], { env })).toMatchObject({ code: 0 });
  expect(await readdir(env.XDG_CONFIG_HOME)).toEqual(['andamio']);
  expect(await readlink(link)).toBe('../../secure.json');
  const { stderr } = await andamio(['logout', '--url', url], { env });
  expect(stderr).toBe(`There is no login to ${url}.\n`);
});

test.each([
  ['access_denied', 1, 'The login was denied.\nNothing was created.\n'],
  ['expired_token', 1, 'The code has expired.\nNothing was created.\n'],
  ['name_taken', 1, /^name_taken: why/m],
])('%s ends the login with its own text', async (answer, code, text) => {
  const { url, polls } = await fakeService(['authorization_pending', answer]);
  const result = await logIn(url);
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr.split('somebody sent you.\n')[1]).toMatch(text);
  expect(polls).toHaveLength(2);
});

test('a login that is approved in the last seconds gets its key, although the code has expired by then', async () => {
  const key = { api_key: makeKey(), name: 'device-late' };
  const { url, polls } = await fakeService(
    ['authorization_pending', 'authorization_pending', key],
    {
      expires_in: 0.1,
    },
  );
  expect(await logIn(url)).toMatchObject({ code: 0 });
  expect(polls).toHaveLength(3);
});

test.each([
  ['a broken connection', 'broken', 'expired_token', 1],
  ['a failure of the service', 503, 'expired_token', 1],
  ['a failure of the service', 500, 'suspended', 1],
  ['a response of a proxy', 'authorization_pending', 200, 69],
] as const)('after %s, the command says that a key may exist', async (_, first, last, code) => {
  const { url } = await fakeService([first, last]);
  const result = await logIn(url);
  expect(result.code).toBe(code);
  expect(result.stderr).not.toContain('Nothing was created.');
  expect(result.stderr).toContain(`A response of the service was lost. ${mayExist(url)}`);
});

test.each([
  ['access_denied', 1],
  ['name_taken', 1],
  ['key_limit_reached', 1],
  ['expiry_too_late', 1],
] as const)(
  'after a broken connection, %s shows that no key was created',
  async (code, exitCode) => {
    const { url } = await fakeService(['broken', code]);
    const result = await logIn(url);
    expect(result.code).toBe(exitCode);
    expect(result.stderr).toMatch(/\nNothing was created\.\n$/);
    expect(result.stderr).not.toContain('may exist');
  },
);

test('after a broken connection and a poll before the decision, no key may exist', async () => {
  const { url } = await fakeService(['broken', 'authorization_pending', 'expired_token']);
  expect((await logIn(url)).stderr).toMatch(/\nThe code has expired\.\nNothing was created\.\n$/);
});

test('a login that is interrupted during a poll that shows that no key was created says nothing of a key', async () => {
  const answer = Promise.withResolvers<Answer>();
  const { url, polls } = await fakeService(['broken', answer.promise]);
  const login = startAndamio(['login', '--device', '--url', url], { env: machine() });
  await waitFor('the second poll', async () => polls.length === 2);
  login.kill('SIGINT');
  await waitFor('the note', async () => login.output().includes('Interrupted.'));
  answer.resolve('authorization_pending');
  const { code, stderr } = await login.result;
  expect(code).toBe('SIGINT');
  expect(stderr).not.toContain('may exist');
});

test('the name of a key that may exist is that of the service', async () => {
  const { url } = await startService({ DEVICE_LOGIN: 'on' });
  const user = createClient({ baseUrl: url, token: tokenFor('named', { tier: 'growth' }) });
  const poll = losingFirst(url, refusing(400, 'expired_token'));
  const front = await startServer(async (received, response) => {
    if (received.path.endsWith('/token')) return poll(received, response);
    if (!received.path.endsWith('/device')) return relay(url, received, response);
    const answer = await forward(url, received);
    const { user_code, ...started } = (await answer.json()) as StartedDeviceLogin;
    await user.approveDeviceLogin({ user_code });
    await user.approveDeviceLogin({ user_code, decision: 'approve' });
    const verification_uri = `http://${received.headers.host}/console/device`;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...started, user_code, verification_uri, interval: 0.05 }));
  });
  const args = ['login', '--device', '--name', 'laptop', '--url', front.url];
  const { stderr } = await andamio(args, { env: machine() });
  expect(stderr).toContain(mayExist(front.url, 'device-laptop'));
  expect((await user.listApiKeys()).keys).toMatchObject([{ name: 'device-laptop' }]);
});

test('a login that is interrupted after a response was lost says that a key may exist', async () => {
  const { url, polls } = await fakeService(['broken', 'slow_down']);
  const login = startAndamio(['login', '--device', '--name', 'one', '--url', url], {
    env: machine(),
  });
  await waitFor('the second poll', async () => polls.length === 2);
  login.kill('SIGINT');
  const { code, stderr } = await login.result;
  expect(code).toBe('SIGINT');
  expect(stderr).toContain(mayExist(url));
  expect(polls).toHaveLength(2);
});

test.each([
  ['whose response is then lost', 'broken'],
  ['that is interrupted again', undefined],
] as const)(
  'a login that is interrupted during a poll %s says that a key may exist',
  async (_, last) => {
    const answer = Promise.withResolvers<Answer>();
    const { url, polls } = await fakeService([answer.promise]);
    const login = startAndamio(['login', '--device', '--name', 'one', '--url', url], {
      env: machine(),
    });
    await waitFor('a poll', async () => polls.length === 1);
    login.kill('SIGINT');
    await waitFor('the note', async () => login.output().includes('Interrupted.'));
    if (last === undefined) login.kill('SIGINT');
    else answer.resolve(last);
    const { code, stderr } = await login.result;
    expect(code).toBe('SIGINT');
    expect(stderr).toContain(mayExist(url));
    answer.resolve('broken');
  },
);

test('a login that is interrupted during a poll ends when the poll is refused, without a word of a key', async () => {
  const answer = Promise.withResolvers<Answer>();
  const { url, polls } = await fakeService([answer.promise]);
  const login = startAndamio(['login', '--device', '--url', url], { env: machine() });
  await waitFor('a poll', async () => polls.length === 1);
  login.kill('SIGINT');
  await waitFor('the note', async () => login.output().includes('Interrupted.'));
  answer.resolve('authorization_pending');
  const { code, stderr } = await login.result;
  expect(code).toBe('SIGINT');
  expect(stderr).not.toContain('may exist');
  expect(polls).toHaveLength(1);
});

test('a signal between two polls ends the login at once, although a poll was refused before', async () => {
  const { url, polls } = await fakeService(['slow_down']);
  const login = startAndamio(['login', '--device', '--url', url], { env: machine() });
  await waitFor('a poll', async () => polls.length === 1);
  login.kill('SIGINT'); // The next poll is 6 s away.
  const { code, stderr } = await login.result;
  expect(code).toBe('SIGINT');
  expect(stderr).not.toContain('may exist');
  expect(polls).toHaveLength(1);
});

test('a service that never reports the expiry does not keep the command waiting forever', async () => {
  const { url, polls } = await fakeService([], { expires_in: -1000 });
  const result = await logIn(url);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('The code has expired.\nNothing was created.\n');
  expect(polls).toHaveLength(0);
});

test('slow_down lengthens the interval by 5 seconds for good', async () => {
  const key = { api_key: makeKey(), name: 'device-slow' };
  const { url, polls } = await fakeService(['slow_down', key]);
  expect(await logIn(url)).toMatchObject({ code: 0 });
  expect((polls[1] as Poll).at - (polls[0] as Poll).at).toBeGreaterThanOrEqual(5_000);
});

test('broken connections and failures of the service double the interval, and the login goes on', async () => {
  const key = { api_key: makeKey(), name: 'device-flaky' };
  const { url, polls } = await fakeService(['broken', 503, 500, key]);
  expect(await logIn(url)).toMatchObject({ code: 0 });
  const pauses = polls.slice(1).map(({ at }, index) => at - (polls[index] as Poll).at);
  expect(pauses[2]).toBeGreaterThanOrEqual(0.4 * 1000);
});

test('an address on another host ends the login, and is not shown', async () => {
  const { url, polls } = await fakeService([], { verification_uri: 'https://attacker.example/' });
  const result = await logIn(url);
  expect(result.code).toBe(69);
  expect(result.stderr).toMatch(/^The service names an address on another host/);
  expect(result.stderr).not.toContain('attacker');
  expect(polls).toHaveLength(0);
});

test('control characters in the code are escaped', async () => {
  const { url } = await fakeService(['access_denied'], { user_code: 'WDJB\x1b[2J\x07' });
  const { stderr } = await logIn(url);
  expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  expect(stderr).toContain('WDJB\\u{1b}[2J');
});

test('a key that cannot be stored is named, with the page on which it can be deleted', async () => {
  const { url } = await fakeService([{ api_key: makeKey(), name: 'device-lost' }]);
  const { code, stderr } = await logIn(url, { XDG_CONFIG_HOME: '/sys' }); // No folder can be created there.
  expect(code).toBe(73);
  expect(stderr).toContain(`The key device-lost exists, but is lost. Delete it at ${url}/console.`);
});

test('a login that is interrupted while its key is on the way stores the key', async () => {
  const key = makeKey();
  const answer = Promise.withResolvers<Answer>();
  const { url, polls } = await fakeService([answer.promise]);
  const env = machine();
  const login = startAndamio(['login', '--device', '--url', url], { env });
  await waitFor('a poll', async () => polls.length === 1);
  login.kill('SIGINT');
  await waitFor('the note', async () => login.output().includes('Interrupted.'));
  answer.resolve({ api_key: key, name: 'device-late' });
  expect(await login.result).toMatchObject({ code: 'SIGINT', stdout: '' });
  const printed = await andamio(['print-key', '--url', url], { env });
  expect(printed.stdout).toBe(`${key}\n`);
});

test('logins to several services at once all keep their keys', async () => {
  const env = machine();
  const services = await Promise.all(
    Array.from({ length: 6 }, async (_, index) => {
      const key = makeKey();
      const { url } = await fakeService([{ api_key: key, name: `device-${index}` }]);
      return { key, url };
    }),
  );
  await Promise.all(services.map(({ url }) => logIn(url, env)));
  for (const { key, url } of services) {
    const { stdout } = await andamio(['print-key', '--url', url], { env });
    expect(stdout).toBe(`${key}\n`);
  }
});

test('Ctrl+C ends a login that waits, without a key', async () => {
  const { url, polls } = await fakeService([], { interval: 30 });
  const folder = temporaryFolder();
  await mkdir(join(folder, 'config'));
  const command = `$ANDAMIO login --device --url ${url} 2> ${folder}/shown & pid=$!
    until grep -q 'somebody' ${folder}/shown; do sleep 0.05; done; kill -INT $pid; wait $pid`;
  const { code } = await inShell(`set -m; ${command}`, { env: { XDG_CONFIG_HOME: folder } });
  expect(code).toBe(130);
  expect(polls).toHaveLength(0);
});
