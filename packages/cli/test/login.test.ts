import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { endWithFile } from '@andamio/testing/end-with-file';
import { freePort } from '@andamio/testing/free-port';
import { findAvailable, works } from '@andamio/testing/requirements';
import { startProcess } from '@andamio/testing/service-process';
import { waitFor } from '@andamio/testing/wait-for';
import { describe, expect, onTestFinished, test } from 'vitest';
import { storeKey } from '../src/stored-key/stored-key.ts';
import {
  andamio,
  inShell,
  onTerminal,
  type Result,
  startAndamio,
  startOnTerminal,
  temporaryFolder,
} from './harness/cli.ts';
import { forward, type Received, refusing, startServer } from './harness/front.ts';
import { audience, browse, clientId, startProvider } from './harness/provider.ts';

const available = findAvailable({
  keyring: () =>
    ['secret-tool', 'gnome-keyring-daemon', 'dbus-run-session'].every((program) =>
      works('sh', '-c', `command -v ${program}`),
    )
      ? undefined
      : 'secret-tool, gnome-keyring-daemon and dbus-run-session (Debian: libsecret-tools, gnome-keyring, dbus)',
});

/** Starts a service whose console lets users sign in at the given provider. */
async function serviceWith(
  issuer: string,
  jwtAudience: string,
  resource?: string,
): Promise<{ readonly url: string }> {
  const service = await startProcess({
    SQLITE_PATH: ':memory:',
    JWT_SECRETS: undefined,
    JWT_OIDC_ISSUER: issuer,
    JWT_AUDIENCE: jwtAudience,
    MAX_EXPIRES_IN_DAYS: '14',
    CONSOLE_OIDC_CLIENT_ID: clientId,
    CONSOLE_OIDC_SCOPE: 'openid offline_access',
    CONSOLE_OIDC_RESOURCE: resource,
  });
  endWithFile(() => service.stop());
  return service;
}

const issuer = await startProvider();
const { url } = await serviceWith(issuer, audience, audience);

/**
 * Creates a machine on which nobody has logged in. Its `xdg-open` records the address that it is
 * told to open.
 */
async function machine() {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  const opened = join(folder, 'opened');
  await mkdir(bin);
  const opener = join(bin, 'xdg-open');
  await writeFile(
    opener,
    `#!/bin/sh\nprintf %s "$1" > ${opened}.new && mv ${opened}.new ${opened}\n`,
  );
  await chmod(opener, 0o755);
  const config = join(folder, 'config');
  const fileOf = (service: string) =>
    join(config, 'andamio', 'logins', `${encodeURIComponent(service)}.json`);
  return {
    folder,
    config,
    /** Returns the path of the file with the login to a service. */
    fileOf,
    file: fileOf(url),
    env: {
      ANDAMIO_URL: url,
      XDG_CONFIG_HOME: config,
      DISPLAY: ':0',
      PATH: `${bin}:${process.env['PATH']}`,
    },
    /** Resolves to the next address that `xdg-open` is told to open. */
    async address() {
      let address = '';
      await waitFor('the browser to be opened', async () => {
        address = await readFile(opened, 'utf8').catch(() => '');
        return address !== '';
      });
      await writeFile(opened, '');
      return address;
    },
  };
}

/** Logs in with a browser in which the given user signs in. */
async function logIn(
  { env, address }: Awaited<ReturnType<typeof machine>>,
  user: string,
  args: readonly string[] = [],
): Promise<Result> {
  const result = andamio(['login', '--url', env.ANDAMIO_URL, ...args], { env });
  const page = await browse(await address(), user);
  expect(await page.text()).toContain('Return to your terminal.');
  return result;
}

/**
 * Starts a proxy of the service. The proxy records the operations that change keys. It can refuse
 * new keys, answer late, and change the sign-in that the service states.
 */
async function frontThat() {
  const operations: string[] = [];
  let accepted = Number.POSITIVE_INFINITY;
  let lost = 0;
  let lostDeletions = 0;
  let cutDeletions = 0;
  let isDeletable = true;
  let changed = {};
  let paused: Promise<void> | undefined;
  const front = await startServer(async (received: Received, response) => {
    const [, operation] = /\/apikey\/(request|delete)$/.exec(received.path) ?? [];
    if (operation !== undefined) operations.push(operation);
    if (operation === 'delete') await paused;
    if (operation === 'delete' && !isDeletable)
      return refusing(500, 'store_unavailable')(received, response);
    if (operation === 'request' && accepted-- <= 0)
      return refusing(403, 'suspended')(received, response);
    if (operation === 'request' && lost-- > 0) return void response.socket?.destroy();
    if (operation === 'delete' && cutDeletions-- > 0) return void response.socket?.destroy();
    const answer = await forward(url, received);
    if (operation === 'delete' && lostDeletions-- > 0) return void response.socket?.destroy();
    const { 'content-length': _, ...headers } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, headers);
    let text = await answer.text();
    if (received.path === '/console/settings.json') {
      const settings = JSON.parse(text);
      text = JSON.stringify({ ...settings, signIn: { ...settings.signIn, ...changed } });
    }
    response.end(text);
  });
  return {
    url: front.url,
    changes: () => operations,
    /** Refuses new keys after the given number of requests. */
    refuse(after = 0) {
      accepted = after;
    },
    /** Loses the next request for a key. */
    loseRequest() {
      lost = 1;
    },
    /** Loses the responses to the next deletions, which the service has processed. */
    loseDeletions(count: number) {
      lostDeletions = count;
    },
    /** Breaks the connections of the next deletions before the service receives them. */
    cutDeletions(count: number) {
      cutDeletions = count;
    },
    /** Refuses deletions. */
    refuseDeletions() {
      isDeletable = false;
    },
    /** Delays the answers to deletions until the returned function is called. */
    pauseDeletions() {
      const { promise, resolve } = Promise.withResolvers<void>();
      paused = promise;
      return resolve;
    },
    /** Changes fields of the sign-in. */
    change(fields: object) {
      changed = fields;
    },
  };
}

const loginIn = async (file: string) =>
  JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;

describe('login with a browser', () => {
  test('login signs in with PKCE, creates a key, and stores it in a file of mode 0600', async () => {
    const laptop = await machine();
    const { code, stdout, stderr } = await logIn(laptop, 'alice', ['--name', 'cli-laptop']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain(
      [
        `The token goes to ${url}.`,
        `Provider  ${issuer}`,
        `Client    ${clientId}`,
        'Scope     openid',
        `Resource  ${audience}`,
      ].join('\n'),
    );
    expect(stderr).toContain('Signed in as alice.\n');
    expect(stderr).toContain(`${issuer}/auth?`);
    const [address = ''] = /^ {2}http\S+/m.exec(stderr) ?? [];
    expect(Object.fromEntries(new URL(address.trim()).searchParams)).toMatchObject({
      code_challenge_method: 'S256',
      scope: 'openid',
      resource: audience,
      audience,
    });
    const login = await loginIn(laptop.file);
    expect(login).toMatchObject({ name: 'cli-laptop', storage: 'file' });
    expect(login['api_key']).toMatch(/^ant-\w{40}$/);
    expect(stderr).toContain(`cli-laptop (${login['start']}…)`);
    expect(stderr).toContain(`stored in ${laptop.file} with mode 0600, because no keychain works`);
    expect(stderr).not.toContain(login['api_key']);
    expect((await stat(laptop.file)).mode & 0o777).toBe(0o600);
    const name = `${encodeURIComponent(url)}.json`;
    const names = await readdir(join(laptop.config, 'andamio'), { recursive: true });
    expect(names.toSorted()).toEqual(['logins', `logins/${name}`, 'sign-ins', `sign-ins/${name}`]);
    const expiry = (Date.parse(login['expires_at'] as string) - Date.now()) / 86_400_000;
    expect(Math.round(expiry), 'the maximum of the service').toBe(14);

    const { env } = laptop;
    expect((await andamio(['whoami'], { env })).stdout).toMatch(
      /^User +alice\nTier +growth\nSigned in by +key cli-laptop\n/,
    );
    expect(await andamio(['verify'], { env })).toMatchObject({ code: 0 });
    expect((await andamio(['print-key'], { env })).stdout).toBe(`${login['api_key']}\n`);
    // No token was stored.
    expect(await andamio(['keys', 'list'], { env })).toMatchObject({ code: 77 });

    const out = await andamio(['logout'], { env });
    expect(out.stderr).toContain(`To delete it: andamio keys delete cli-laptop --url ${url}\n`);
    await expect(readFile(laptop.file)).rejects.toThrow('ENOENT');
    expect(await andamio(['print-key'], { env })).toEqual({
      code: 77,
      stdout: '',
      stderr: `There is no key for ${url}. Log in: andamio login --url ${url}\n`,
    });
    expect((await andamio(['verify'], { env })).stderr).toBe(
      `This command needs a key. Set ANT_API_KEY, or log in: andamio login --url ${url}\n`,
    );
    expect(await andamio(['logout'], { env })).toMatchObject({
      code: 0,
      stderr: `There is no login to ${url}.\n`,
    });
  });

  test('logging in again replaces the key of this machine, and no key with the same name of another one', async () => {
    const [one, other] = [await machine(), await machine()];
    const first = await logIn(one, 'bob', ['--name', 'cli-host']);
    expect(first.code).toBe(0);
    const key = (await andamio(['print-key'], { env: one.env })).stdout;
    expect(await logIn(one, 'bob', ['--name', 'cli-host'])).toMatchObject({ code: 0 });
    const second = (await andamio(['print-key'], { env: one.env })).stdout;
    expect(second).not.toBe(key);
    const gone = await andamio(['verify', '--key-stdin'], { env: one.env, input: key });
    expect(gone).toMatchObject({ code: 1, stdout: 'Valid  no\n' });

    const refused = await logIn(other, 'bob', ['--name', 'cli-host']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('name_taken') });
    expect(await andamio(['verify'], { env: one.env })).toMatchObject({ code: 0 });

    // As if the key of the login had been deleted, and its name belonged to another key now.
    const record = await readFile(one.file, 'utf8');
    await writeFile(one.file, record.replace(/"start": "ant-\w+"/, '"start": "ant-0000"'));
    const stale = await logIn(one, 'bob', ['--name', 'cli-host']);
    expect(stale).toMatchObject({ code: 1, stderr: expect.stringContaining('name_taken') });
  });

  test('logging in again creates the new key before it deletes the previous one', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    expect(await logIn({ ...laptop, env }, 'judy', ['--name', 'cli-first'])).toMatchObject({
      code: 0,
    });
    const key = (await andamio(['print-key'], { env })).stdout;
    expect(await logIn({ ...laptop, env }, 'judy')).toMatchObject({ code: 0 });
    expect(front.changes()).toEqual(['request', 'request', 'delete']);
    const gone = await andamio(['verify', '--key-stdin'], { env, input: key });
    expect(gone).toMatchObject({ code: 1, stdout: 'Valid  no\n' });
    expect((await loginIn(laptop.fileOf(front.url)))['name']).toMatch(/^cli-.*-\d{4}-\d\d-\d\d-/);
  });

  test('a login whose key is not created leaves the previous key as it is', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    await logIn({ ...laptop, env }, 'kim', ['--name', 'cli-kim']);
    const { stdout } = await andamio(['print-key'], { env });
    front.refuse();
    const failed = await logIn({ ...laptop, env }, 'kim', ['--name', 'cli-kim']);
    expect(failed).toMatchObject({ code: 1 });
    expect(front.changes()).not.toContain('delete');
    expect(await andamio(['print-key'], { env })).toMatchObject({ code: 0, stdout });
    expect(await andamio(['verify'], { env })).toMatchObject({ code: 0 });
  });

  test('more days than the service allows are refused before the sign-in', async () => {
    const { env } = await machine();
    expect(await andamio(['login', '--days', '999'], { env })).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^--days must be at most 14 for this service\./),
    });
  });

  test('a user with the maximum number of keys logs in again, and the previous key gives way', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    const user = 'pioneer-lea';
    expect(await logIn({ ...laptop, env }, user, ['--name', 'cli-one'])).toMatchObject({ code: 0 });
    expect(await logIn({ ...laptop, env }, user, ['--name', 'cli-two'])).toMatchObject({ code: 0 });
    expect(await andamio(['verify'], { env })).toMatchObject({ code: 0 });

    front.refuse(1);
    const failed = await logIn({ ...laptop, env }, user, ['--name', 'cli-three']);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      'The key cli-two of the previous login was deleted to make room. This machine has no key now. Log in again.',
    );
    await expect(readFile(laptop.fileOf(front.url))).rejects.toThrow('ENOENT');
  });

  test.each([
    ['one response', 1, ['delete', 'delete']],
    ['every response', 3, ['delete', 'delete', 'delete']],
  ])(
    'the previous key gives way, although %s to its deletion was lost',
    async (_, count, deletions) => {
      const laptop = await machine();
      const front = await frontThat();
      const env = { ...laptop.env, ANDAMIO_URL: front.url };
      const user = `pioneer-lost-${count}`;
      await logIn({ ...laptop, env }, user, ['--name', 'cli-one']);
      front.loseDeletions(count);
      const again = await logIn({ ...laptop, env }, user, ['--name', 'cli-two']);
      expect(again).toMatchObject({ code: 0, stderr: expect.not.stringContaining('cli-one') });
      expect(front.changes()).toEqual(['request', 'request', ...deletions, 'request']);
      expect((await andamio(['whoami'], { env })).stdout).toContain('key cli-two');
    },
  );

  test('a previous key that does not give way, because no deletion arrives, stays the key of the machine', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    const user = 'pioneer-stuck';
    await logIn({ ...laptop, env }, user, ['--name', 'cli-one']);
    front.cutDeletions(3);
    const failed = await logIn({ ...laptop, env }, user, ['--name', 'cli-two']);
    expect(failed).toMatchObject({
      code: 69,
      stderr: expect.stringMatching(
        /^network: .*\n.*\nThe key cli-one of the previous login could not be deleted to make room, so no key was created\.\n$/m,
      ),
    });
    expect((await andamio(['whoami'], { env })).stdout).toContain('key cli-one');
  });

  test('a login whose previous key may have been deleted says so, and the next login succeeds', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    const user = 'pioneer-unsure';
    await logIn({ ...laptop, env }, user, ['--name', 'cli-one']);
    front.loseDeletions(3);
    front.refuse(1);
    const failed = await logIn({ ...laptop, env }, user, ['--name', 'cli-two']);
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^suspended: .*\nThe key cli-one of the previous login may have been deleted to make room\. Log in again\.\n$/m,
      ),
    });
    front.refuse(Number.POSITIVE_INFINITY);
    const again = await logIn({ ...laptop, env }, user, ['--name', 'cli-two']);
    expect(again).toMatchObject({ code: 0 });
    expect((await andamio(['whoami'], { env })).stdout).toContain('key cli-two');
  });

  test('the previous key gives way, although the first request for the new one was lost', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    const user = 'pioneer-ute';
    expect(await logIn({ ...laptop, env }, user, ['--name', 'cli-one'])).toMatchObject({ code: 0 });
    front.loseRequest();
    expect(await logIn({ ...laptop, env }, user, ['--name', 'cli-two'])).toMatchObject({ code: 0 });
    expect(front.changes()).toEqual(['request', 'request', 'request', 'delete', 'request']);
    expect(await andamio(['verify'], { env })).toMatchObject({ code: 0 });
  });

  test('a user with the maximum number of keys and no previous login is told to delete one', async () => {
    const [one, other] = [await machine(), await machine()];
    await logIn(one, 'pioneer-max', ['--name', 'cli-one']);
    const refused = await logIn(other, 'pioneer-max', ['--name', 'cli-other']);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^key_limit_reached: .* Delete a key;/m),
    });
    expect(await andamio(['verify'], { env: one.env })).toMatchObject({ code: 0 });
  });

  test('a previous key that cannot be deleted is named, and the login succeeds', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    await logIn({ ...laptop, env }, 'yan', ['--name', 'cli-old']);
    const { start } = await loginIn(laptop.fileOf(front.url));
    front.refuseDeletions();
    const { code, stderr } = await logIn({ ...laptop, env }, 'yan');
    expect(code).toBe(0);
    expect(stderr).toContain(
      `store_unavailable: why\nThe key cli-old (${start}…) of the previous login still exists. To delete it: andamio keys delete cli-old --url ${front.url}\n`,
    );
    expect(await andamio(['verify'], { env })).toMatchObject({ code: 0 });
  });

  test.each([
    ['repeats a deletion whose response was lost, and says nothing of it', 1, ''],
    [
      'says that the previous key may still exist if no response to its deletion arrives',
      3,
      'The key cli-old (START…) of the previous login may still exist. To find and delete it:\n  andamio keys list --url URL\n  andamio keys delete cli-old --url URL\n',
    ],
  ])('a login %s', async (_, count, message) => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    await logIn({ ...laptop, env }, `zoe-${count}`, ['--name', 'cli-old']);
    const { stdout } = await andamio(['print-key'], { env });
    front.loseDeletions(count);
    const { code, stderr } = await logIn({ ...laptop, env }, `zoe-${count}`);
    expect(code).toBe(0);
    const [, rest = ''] = /\n(The key cli-old .*)$/s.exec(stderr) ?? [];
    expect(rest).toBe(message.replaceAll('URL', front.url).replace('START', stdout.slice(0, 8)));
    const gone = await andamio(['verify', '--key-stdin'], { env, input: stdout });
    expect(gone).toMatchObject({ code: 1, stdout: 'Valid  no\n' });
  });

  test('a login that is interrupted twice while it deletes the previous key says that the key may be deleted', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    await logIn({ ...laptop, env }, 'xavi', ['--name', 'cli-xavi']);
    const answer = front.pauseDeletions();
    const login = startAndamio(['login', '--url', front.url, '--name', 'cli-xavi'], { env });
    await browse(await laptop.address(), 'xavi');
    await waitFor('the deletion', async () => front.changes().includes('delete'));
    login.kill('SIGINT');
    await waitFor('the note', async () => login.output().includes('Interrupted.'));
    login.kill('SIGINT');
    expect(await login.result).toMatchObject({
      code: 'SIGINT',
      stderr: expect.stringContaining(
        'The key cli-xavi of the previous login may have been deleted to make room. Log in again.\n',
      ),
    });
    answer();
  });

  test('a login that is interrupted while it deletes the previous key stores the new one', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    await logIn({ ...laptop, env }, 'wim', ['--name', 'cli-wim']);
    const answer = front.pauseDeletions();
    const login = startAndamio(['login', '--url', front.url, '--name', 'cli-wim'], { env });
    await browse(await laptop.address(), 'wim');
    await waitFor('the deletion', async () => front.changes().includes('delete'));
    login.kill('SIGINT');
    await waitFor('the note', async () => login.output().includes('Interrupted.'));
    answer();
    expect(await login.result).toMatchObject({ code: 'SIGINT' });
    expect(await andamio(['verify'], { env })).toMatchObject({ code: 0 });
  });

  test('logging in as another user says whose the previous key is, and that it stays valid', async () => {
    const laptop = await machine();
    const { env } = laptop;
    await logIn(laptop, 'first', ['--name', 'cli-first']);
    const { start, expires_at = '' } = await loginIn(laptop.file);
    const { stdout: key } = await andamio(['print-key'], { env });
    const other = await logIn(laptop, 'second', ['--name', 'cli-second']);
    expect(other.code).toBe(0);
    const until = expires_at.slice(0, 16).replace('T', ' ');
    expect(other.stderr).toContain(
      `\nThe key cli-first (${start}…) of the previous login was not deleted, because it belongs to first. Unless it was deleted elsewhere, it is valid until ${until} UTC. To delete it, sign in as that user: andamio keys delete cli-first --url ${url}\n`,
    );
    const valid = await andamio(['verify', '--key-stdin'], { env, input: key });
    expect(valid).toMatchObject({ code: 0 });

    const second = await loginIn(laptop.file);
    const { stdout } = await logIn(laptop, 'first', ['--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      previous_key: {
        name: 'cli-second',
        start: second['start'],
        expires_at: second['expires_at'],
        outcome: 'kept',
      },
    });
  });

  test('a login of which it is not known whose it was is named too', async () => {
    const laptop = await machine();
    await logIn(laptop, 'early', ['--name', 'cli-early']);
    const { user_id: _, ...login } = await loginIn(laptop.file);
    await writeFile(laptop.file, JSON.stringify(login));
    const { stderr } = await logIn(laptop, 'later');
    expect(stderr).toContain(
      `\nThe key cli-early (${login['start']}…) of the previous login is not one of your keys. If it belongs to another account, it is valid until `,
    );
    expect(stderr).toContain(
      `sign in with that account: andamio keys delete cli-early --url ${url}`,
    );
  });

  test('a previous key that the user has deleted meanwhile is not mentioned', async () => {
    const laptop = await machine();
    const enter = { when: /Press Enter/, text: '\n' };
    await logIn(laptop, 'tidy', ['--name', 'cli-tidy']);
    const deleted = onTerminal('keys delete cli-tidy --yes', enter, laptop.env);
    await browse(await laptop.address(), 'tidy');
    expect(await deleted).toMatchObject({ code: 0 });
    const { code, stderr } = await logIn(laptop, 'tidy');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('cli-tidy') });
  });

  test('a key that was rolled since the login is not deleted', async () => {
    const laptop = await machine();
    const { env } = laptop;
    await logIn(laptop, 'mia', ['--name', 'cli-mia']);
    const question = { when: /Press Enter/, text: '\n' };
    const output = onTerminal('keys roll cli-mia', question, env);
    await browse(await laptop.address(), 'mia');
    const [rolled = ''] = /ant-\w{40}/.exec((await output).stdout) ?? [];
    const refused = await logIn(laptop, 'mia', ['--name', 'cli-mia']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('name_taken') });
    const other = await logIn(laptop, 'mia');
    expect(other).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^The key cli-mia \(ant-\w{4}…\) of the previous login was not deleted, because it has another secret now\.$/m,
      ),
    });
    const valid = await andamio(['verify', '--key-stdin'], { env, input: rolled });
    expect(valid).toMatchObject({ code: 0 });
  });

  test('a user who cancels the sign-in gets exit code 77 and no key', async () => {
    const laptop = await machine();
    const { code, stderr } = await logIn(laptop, 'cancel');
    expect(code).toBe(77);
    expect(stderr).toContain('The sign-in failed: access was denied.');
    await expect(readFile(laptop.file)).rejects.toThrow('ENOENT');
  });

  test('requests without the state of the sign-in neither end nor change it', async () => {
    const laptop = await machine();
    const result = andamio(['login', '--url', url, '--name', 'cli-careful'], { env: laptop.env });
    const address = await laptop.address();
    const redirect = new URL(address).searchParams.get('redirect_uri') as string;
    const foreign = [
      `${redirect}?code=stolen&state=guessed`,
      `${redirect}?error=x`,
      `${redirect}x`,
    ];
    for (const attempt of foreign) expect((await fetch(attempt)).status).toBe(404);
    await browse(address, 'carol');
    expect(await result).toMatchObject({ code: 0 });
  });

  test('a connection that sends nothing does not keep the command running', async () => {
    const laptop = await machine();
    const result = andamio(['login', '--url', url, '--name', 'cli-open'], { env: laptop.env });
    const address = await laptop.address();
    const redirect = new URL(new URL(address).searchParams.get('redirect_uri') as string);
    // Browsers open such connections in advance.
    const socket = connect(Number(redirect.port), redirect.hostname).on('error', () => {});
    await once(socket, 'connect');
    try {
      await browse(address, 'olga');
      expect(await result).toMatchObject({ code: 0 });
    } finally {
      socket.destroy();
    }
  });

  test('over SSH, a login with a port shows the address, for a browser that reaches the port', async () => {
    const laptop = await machine();
    const env = { ...laptop.env, SSH_CONNECTION: '203.0.113.7 5000 192.0.2.1 22' };
    const port = String(await freePort());
    const login = startAndamio(['login', '--url', url, '--port', port], { env });
    const shown = /^ {2}(http\S+)\n/m;
    await waitFor('the address', async () => shown.test(login.output()));
    const [, address = ''] = shown.exec(login.output()) ?? [];
    expect(new URL(address).searchParams.get('redirect_uri')).toBe(`http://127.0.0.1:${port}/`);
    await browse(address, 'tilda');
    expect(await login.result).toMatchObject({ code: 0 });
  });

  test('a clock that is two hours fast does not prevent the login', async () => {
    const laptop = await machine();
    const code = `const Real = Date;
      const now = () => Real.now() + 7_200_000;
      globalThis.Date = class extends Real {
        constructor(...given) { super(...(given.length === 0 ? [now()] : given)); }
        static now() { return now(); }
      };`;
    const clock = `--import=data:text/javascript,${encodeURIComponent(code)}`;
    const env = { ...laptop.env, NODE_OPTIONS: clock };
    expect(await logIn({ ...laptop, env }, 'uma')).toMatchObject({ code: 0 });
  });

  test('a token that the service does not accept is reported', async () => {
    const service = await serviceWith(issuer, 'another audience');
    const laptop = await machine();
    const env = { ...laptop.env, ANDAMIO_URL: service.url };
    const { code, stderr } = await logIn({ ...laptop, env }, 'erik');
    expect(code).toBe(77);
    expect(stderr).toMatch(/^unauthenticated: /m);
  });

  test('a key that cannot be stored is deleted again', async () => {
    const laptop = await machine();
    const env = { ...laptop.env, XDG_CONFIG_HOME: '/sys' }; // No folder can be created there.
    const { code, stderr } = await logIn({ ...laptop, env }, 'frank', ['--name', 'cli-frank']);
    expect(code).toBe(73);
    expect(stderr).toContain('The key cli-frank was deleted again.');
  });

  test('a service without a sign-in is reported, and one that is down too', async () => {
    const bare = await startServer((_, response) => void response.writeHead(404).end());
    const { env } = await machine();
    const without = await andamio(['login', '--url', bare.url], { env });
    expect(without).toMatchObject({ code: 77, stdout: '' });
    expect(without.stderr).toMatch(/^This service has no sign-in for programs\. Set ANDAMIO_TOKEN/);
    const empty = await startServer((_, response) => void response.end('null'));
    const nothing = await andamio(['login', '--url', empty.url], { env });
    expect(nothing).toMatchObject({ code: 69, stderr: expect.not.stringContaining('TypeError') });
    const broken = await startServer((_, response) => void response.writeHead(503).end());
    const down = await andamio(['login', '--url', broken.url], { env });
    expect(down).toMatchObject({ code: 69 });
  });
});

describe('a command that needs a token', () => {
  test('on a terminal, a command without a token opens the browser after Enter', async () => {
    const laptop = await machine();
    const { env, address } = laptop;
    await logIn(laptop, 'grace');
    const result = onTerminal('keys list', { when: /Press Enter/, text: '\n' }, env);
    await browse(await address(), 'grace');
    expect(await result).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Signed in as grace\..*NAME/s),
    });
  });

  test('the first sign-in to a service on this machine must be confirmed', async () => {
    const { env, folder } = await machine();
    const question = { when: /Do you trust it\? \[y\/N\]/, text: '\n' };
    const result = await onTerminal('keys list', question, env);
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(`The token goes to ${url}.\r\nProvider  ${issuer}\r\n`);
    expect(result.stdout).toContain('You were not signed in.');
    expect(await onTerminal('login', question, env)).toMatchObject({ code: 1 });
    const script = await andamio(['login'], { env });
    expect(script).toMatchObject({ code: 77, stdout: '' });
    expect(script.stderr).toContain('Without a terminal, give its URL by --url.');
    expect(await readdir(folder), 'no browser was opened').toEqual(['bin']);
  });

  test.each([
    ['issuer', 'https://attacker.example', 'Provider'],
    ['clientId', 'a-client-with-more-rights', 'Client'],
    ['scope', 'openid https://management.example/.default', 'Scope'],
    ['resource', 'https://management.example', 'Resource'],
  ])(
    'a service that changes its %s gets no token, unless the user confirms that',
    async (field, value, label) => {
      const laptop = await machine();
      const front = await frontThat();
      const env = { ...laptop.env, ANDAMIO_URL: front.url };
      await logIn({ ...laptop, env }, 'quinn');
      front.change({ [field]: value });
      const script = await andamio(['login', '--url', front.url], { env });
      expect(script).toMatchObject({ code: 77, stdout: '' });
      expect(script.stderr).toContain(
        `The token goes to ${front.url}.\n${label}  ${value}  instead of `,
      );
      expect(script.stderr).toContain('The service has changed its sign-in since your last one.');
      expect(script.stderr).toContain(
        `run the same command on a terminal, or first forget the sign-in: andamio logout --url ${front.url}\n`,
      );
      const question = { when: /Do you trust it\? \[y\/N\]/, text: '\n' };
      const refused = await onTerminal('keys list', question, env);
      expect(refused.code).toBe(1);
      expect(refused.stdout).toContain(`${label}  ${value}  instead of `);
      const opened = await readFile(join(laptop.folder, 'opened'), 'utf8');
      expect(opened, 'no browser was opened').toBe('');
    },
  );

  test('a confirmed change of the sign-in is remembered, and logout forgets the sign-in', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    await logIn({ ...laptop, env }, 'rosa');
    front.change({ resource: null });
    const enter = { when: /Press Enter/, text: '\n' };
    const yes = { when: /Do you trust it\?/, text: 'y\n' };
    const confirmed = onTerminal('keys list', [yes, enter], env);
    await browse(await laptop.address(), 'rosa');
    expect(await confirmed).toMatchObject({ code: 0 });
    const again = onTerminal('keys list', enter, env);
    await browse(await laptop.address(), 'rosa');
    expect(await again).toMatchObject({ code: 0 });

    front.change({});
    expect(await andamio(['login', '--url', front.url], { env })).toMatchObject({ code: 77 });
    await andamio(['logout'], { env });
    const fresh = await logIn({ ...laptop, env }, 'rosa', ['--name', 'cli-rosa']);
    expect(fresh).toMatchObject({ code: 0 });
  });

  test('a client and a port that the user gave are used for later sign-ins, whatever the service says', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    front.change({ clientId: 'the-console' });
    const port = String(await freePort());
    const options = ['--client-id', clientId, '--port', port];
    expect(await logIn({ ...laptop, env }, 'sven', options)).toMatchObject({ code: 0 });
    front.change({ clientId: 'another' });
    const result = onTerminal('keys list', { when: /Press Enter/, text: '\n' }, env);
    const address = await laptop.address();
    expect(Object.fromEntries(new URL(address).searchParams)).toMatchObject({
      client_id: clientId,
      redirect_uri: `http://127.0.0.1:${port}/`,
    });
    await browse(address, 'sven');
    expect(await result).toMatchObject({ code: 0 });
  });

  test('a client and a port that the user gave are not used at another provider', async () => {
    const laptop = await machine();
    const front = await frontThat();
    const env = { ...laptop.env, ANDAMIO_URL: front.url };
    front.change({ clientId: 'the-console' });
    const port = String(await freePort());
    const options = ['--client-id', clientId, '--port', port];
    expect(await logIn({ ...laptop, env }, 'tara', options)).toMatchObject({ code: 0 });
    const other = await startProvider();
    front.change({ issuer: other, clientId: 'a-client-of-the-other' });
    const answers = [
      { when: /Do you trust it\?/, text: 'y\n' },
      { when: /Press Enter/, text: '\n' },
    ];
    const command = startOnTerminal('keys list', answers, env);
    onTestFinished(async () => {
      command.write('\x03');
      await command.result;
    });
    const address = new URL(await laptop.address());
    expect(address.origin).toBe(other);
    expect(address.searchParams.get('client_id')).toBe('a-client-of-the-other');
    expect(address.searchParams.get('redirect_uri')).not.toContain(`:${port}/`);
  });

  test('over SSH, no browser is opened', async () => {
    const { env } = await machine();
    const result = await onTerminal(
      'keys list',
      { when: /never/, text: '' },
      { ...env, SSH_CONNECTION: '203.0.113.7 5000 192.0.2.1 22' },
    );
    expect(result).toMatchObject({ code: 77 });
    expect(result.stdout).toContain('This command needs a token.');
  });
});

test('programs of the system get the key by standard input, and neither argument nor variable has a secret', async () => {
  const laptop = await machine();
  const { folder } = laptop;
  // Records its input, and fails as `secret-tool` does with a broken keychain.
  const script = `#!/bin/sh\n{ echo "$@"; env; } >> ${folder}/seen; [ "$1" = store ] && cat > ${folder}/input`;
  await writeFile(join(folder, 'bin', 'secret-tool'), script, { mode: 0o755 });
  const env = { ...laptop.env, ANDAMIO_TOKEN: 'a-token', ANT_API_KEY: 'a-key' };
  expect(await logIn({ ...laptop, env }, 'ivan')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('because no keychain works here'),
  });
  const key = await readFile(join(folder, 'input'), 'utf8');
  expect(key).toMatch(/^ant-\w{40}$/);
  const seen = await readFile(join(folder, 'seen'), 'utf8');
  expect(seen).toMatch(/^store --label=.*\n/);
  for (const secret of [key, 'a-token', 'a-key']) expect(seen).not.toContain(secret);
});

/**
 * Installs a `secret-tool` that keeps each secret in a file, named by its attributes. One of its
 * commands can be broken.
 */
async function fakeKeychain({ folder, file }: { readonly folder: string; readonly file: string }) {
  const secrets = join(folder, 'secrets');
  const broken = join(folder, 'broken');
  const script = `#!/bin/sh
[ "$(cat ${broken} 2> /dev/null)" = "$1" ] && exit 1
command=$1
shift
[ "$command" = store ] && shift
secret=${secrets}/$(printf %s "$*" | tr / _)
case "$command" in
  store) cat > "$secret" ;;
  lookup) cat "$secret" ;;
  clear) rm -f "$secret" ;;
esac
`;
  await mkdir(secrets);
  await writeFile(join(folder, 'bin', 'secret-tool'), script, { mode: 0o755 });
  const secretOf = (attributes: string) => join(secrets, attributes.replaceAll('/', '_'));
  return {
    /** The file with the key of the login to the service. */
    secret: secretOf(`service andamio login ${file}`),
    /** The file with the key that an older version stored for the service. */
    sharedSecret: secretOf(`service andamio url ${url}`),
    breakCommand: (command: string) => writeFile(broken, command),
  };
}

test('a key that the keychain stores but does not return is left only in the file, and logout leaves none', async () => {
  const laptop = await machine();
  const { secret, breakCommand } = await fakeKeychain(laptop);
  await breakCommand('lookup');
  expect(await logIn(laptop, 'nina')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('because no keychain works here'),
  });
  await expect(readFile(secret)).rejects.toThrow('ENOENT');

  await breakCommand('nothing');
  await writeFile(secret, 'an older key');
  expect(await andamio(['logout'], { env: laptop.env })).toMatchObject({ code: 0 });
  await expect(readFile(secret)).rejects.toThrow('ENOENT');
});

test('Ctrl+C while the keychain stores the key neither stops it nor leaves the key in a file', async () => {
  const laptop = await machine();
  const { folder, env } = laptop;
  const { secret } = await fakeKeychain(laptop);
  const tool = join(folder, 'bin', 'secret-tool');
  const wait = `store) touch ${folder}/storing; until [ -e ${folder}/go ]; do sleep 0.05; done; cat`;
  await writeFile(tool, (await readFile(tool, 'utf8')).replace('store) cat', wait));
  const login = startOnTerminal(
    `login --name cli-xena`,
    [
      { when: /Do you trust it\?/, text: 'y\n' },
      { when: /Press Enter/, text: '\n' },
    ],
    env,
  );
  await browse(await laptop.address(), 'xena');
  const isStoring = () => readdir(folder).then((names) => names.includes('storing'));
  await waitFor('the keychain', isStoring);
  login.write('\x03');
  await waitFor('the note', async () => login.output().includes('Interrupted.'));
  await writeFile(join(folder, 'go'), '');
  const { stdout } = await login.result;
  expect(stdout).toContain("stored in the system's keychain, by secret-tool.");
  expect(await readFile(secret, 'utf8')).toMatch(/^ant-\w{40}$/);
  expect(await loginIn(laptop.file)).toMatchObject({ storage: 'secret-tool' });
});

test('a key that the keychain returns changed is left only in the file', async () => {
  const laptop = await machine();
  const { secret } = await fakeKeychain(laptop);
  const tool = join(laptop.folder, 'bin', 'secret-tool');
  await writeFile(tool, (await readFile(tool, 'utf8')).replace('lookup) cat', 'lookup) rev'));
  const { code, stderr } = await logIn(laptop, 'vera');
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('because no keychain works here'),
  });
  await expect(readFile(secret)).rejects.toThrow('ENOENT');
  expect(await andamio(['verify'], { env: laptop.env })).toMatchObject({ code: 0 });
});

test('on Windows, no mode is claimed for the file', async () => {
  const { env, file } = await machine();
  const platform = process.platform;
  Object.defineProperty(process, 'platform', { value: 'win32' });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
  const key = { api_key: makeKey(), name: 'cli-pc', expires_at: '2026-01-01T00:00:00Z' };
  expect(await storeKey(url, key, env)).toBe(`in ${file}, because no keychain works here`);
});

test('a login that cannot be recorded leaves the key of the previous one in the keychain', async () => {
  const laptop = await machine();
  const env = { ...laptop.env, XDG_CONFIG_HOME: '/sys' }; // No folder can be created there.
  const file = laptop.file.replace(laptop.config, '/sys');
  const { secret } = await fakeKeychain({ ...laptop, file });
  await writeFile(secret, 'the previous key');
  expect(await logIn({ ...laptop, env }, 'olaf')).toMatchObject({ code: 73 });
  expect(await readFile(secret, 'utf8')).toBe('the previous key');
});

test('a key of the keychain that is not the key of the login is not used', async () => {
  const laptop = await machine();
  const { env } = laptop;
  const { secret, sharedSecret } = await fakeKeychain(laptop);
  await logIn(laptop, 'kira', ['--name', 'cli-kira']);
  const { start } = await loginIn(laptop.file);
  for (const file of [secret, sharedSecret]) await writeFile(file, makeKey());
  const refused = {
    code: 77,
    stdout: '',
    stderr: `The key cli-kira (${start}…) of the login to ${url} is not in the system's keychain, or secret-tool cannot read it. Unlock the keychain, or log in again: andamio login --url ${url}\n`,
  };
  for (const command of ['whoami', 'verify', 'print-key'])
    expect(await andamio([command], { env })).toEqual(refused);
});

test('a key that an older version stored for all settings folders is used, replaced and removed by its own login', async () => {
  const laptop = await machine();
  const { env } = laptop;
  const { secret, sharedSecret } = await fakeKeychain(laptop);
  const other = { ...laptop, env: { ...env, XDG_CONFIG_HOME: join(laptop.folder, 'other') } };
  const storedAsBefore = async () => rename(secret, sharedSecret);
  await logIn(laptop, 'olive', ['--name', 'cli-olive']);
  await storedAsBefore();
  await logIn(other, 'petra', ['--name', 'cli-petra']);
  await andamio(['logout'], { env: other.env });
  expect((await andamio(['whoami'], { env })).stdout).toMatch(/^User +olive\n/);

  await logIn(laptop, 'olive');
  expect((await andamio(['whoami'], { env })).stdout).toMatch(/^User +olive\n/);
  await expect(readFile(sharedSecret)).rejects.toThrow('ENOENT');
  await storedAsBefore();
  expect(await andamio(['logout'], { env })).toMatchObject({ code: 0 });
  await expect(readFile(sharedSecret)).rejects.toThrow('ENOENT');
});

test('logout reports a key that the keychain does not remove, and can be repeated', async () => {
  const laptop = await machine();
  const { breakCommand } = await fakeKeychain(laptop);
  await logIn(laptop, 'pia');
  await breakCommand('clear');
  expect(await andamio(['logout'], { env: laptop.env })).toMatchObject({
    code: 73,
    stderr: "The key could not be removed from the system's keychain by secret-tool.\n",
  });
  await breakCommand('nothing');
  const again = await andamio(['logout'], { env: laptop.env });
  expect(again.stderr).toContain('Removed the key cli-');
});

test.each(['null', '[]', '1', '{', '{"api_key":1}'])(
  'a file of a login that contains %s is reported, and not quoted',
  async (content) => {
    const laptop = await machine();
    await mkdir(dirname(laptop.file), { recursive: true });
    await writeFile(laptop.file, content);
    expect(await andamio(['print-key'], { env: laptop.env })).toEqual({
      code: 78,
      stdout: '',
      stderr: `${laptop.file} is not valid. Delete it and log in again.\n`,
    });
  },
);

describe.runIf(available.includes('keyring'))('a keychain', () => {
  /** Runs a shell script with the keychain of a desktop, which is empty. */
  async function onDesktop({ config, env }: Awaited<ReturnType<typeof machine>>, script: string) {
    await mkdir(config, { mode: 0o700 });
    const unlock = 'printf password | gnome-keyring-daemon --unlock --components=secrets';
    await writeFile(join(config, 'script'), `${unlock} > /dev/null\n${script}`);
    return inShell(`dbus-run-session -- bash ${config}/script`, {
      env: { ...env, XDG_DATA_HOME: config, XDG_RUNTIME_DIR: config },
    });
  }

  test('the key of a login is stored in the keychain of the desktop, and removed by logout', async () => {
    const laptop = await machine();
    const result = onDesktop(
      laptop,
      `$ANDAMIO login --url ${url} --name cli-keychain && cat ${laptop.file} &&
      secret-tool lookup service andamio login ${laptop.file} && echo &&
      $ANDAMIO print-key && $ANDAMIO logout &&
      ! secret-tool lookup service andamio`,
    );
    await browse(await laptop.address(), 'heidi');
    const { code, stdout, stderr } = await result;
    expect(stderr).toContain("stored in the system's keychain, by secret-tool.");
    expect(code).toBe(0);
    const [, file, looked, printed] =
      /^(\{.*\})\n(ant-\w{40})\n(ant-\w{40})\n$/s.exec(stdout) ?? [];
    expect(JSON.parse(file as string)).toMatchObject({ storage: 'secret-tool' });
    expect(file).not.toContain(looked);
    expect(printed).toBe(looked);
    expect(stderr).not.toContain(looked);
  });

  test('logins of two settings folders to one service do not touch each other', async () => {
    const laptop = await machine();
    const result = onDesktop(
      laptop,
      `home() { XDG_CONFIG_HOME=${laptop.folder}/home $ANDAMIO "$@"; }
      $ANDAMIO login --url ${url} && home login --url ${url} &&
      $ANDAMIO whoami && home whoami && home logout && $ANDAMIO whoami`,
    );
    await browse(await laptop.address(), 'at-work');
    await browse(await laptop.address(), 'at-home');
    const { code, stdout } = await result;
    expect({ code, users: stdout.match(/(?<=^User +)\S+/gm) }).toEqual({
      code: 0,
      users: ['at-work', 'at-home', 'at-work'],
    });
  });

  test('a key that an older version stored is found, and removed by logout', async () => {
    const laptop = await machine();
    const shared = `service andamio url ${url}`;
    const result = onDesktop(
      laptop,
      `$ANDAMIO login --url ${url} && secret=(service andamio login ${laptop.file}) &&
      secret-tool lookup "\${secret[@]}" | secret-tool store --label=old ${shared} &&
      secret-tool clear "\${secret[@]}" && $ANDAMIO whoami && $ANDAMIO logout &&
      ! secret-tool lookup ${shared}`,
    );
    await browse(await laptop.address(), 'veteran');
    expect(await result).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^User +veteran\n/),
    });
  });
});
