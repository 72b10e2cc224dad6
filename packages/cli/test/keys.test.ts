import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@andamio/testing/free-port';
import { describe, expect, test } from 'vitest';
import { andamio, inShell, onTerminal, startService, temporaryFolder } from './harness/cli.ts';
import { forward, losingFirst, refusing, relay, startServer } from './harness/front.ts';
import { usersOf } from './harness/users.ts';

const { url } = await startService();
const { environmentOf, keysOf } = usersOf(url);

/**
 * Starts a proxy that loses the first response of the service, and refuses all later requests as if
 * the token had expired. Returns its URL.
 */
const losingAll = async () =>
  (await startServer(losingFirst(url, refusing(401, 'unauthenticated')))).url;

/** Returns a shell command whose output cannot be written to a file, as if the disk were full. */
const onFullDisk = (command: string) =>
  `ulimit -f 0; ${command} > ${join(temporaryFolder(), 'output')}`;

const keyLine = /^ant-[0-9A-Za-z]{40}\n$/;

describe('keys create', () => {
  test('keys create prints the key alone to standard output, and what it is to standard error', async () => {
    const { code, stdout, stderr } = await andamio(['keys', 'create', 'CI key', '--days', '30'], {
      env: environmentOf('creator'),
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(keyLine) });
    expect(stderr).toMatch(/^Created the key CI key\. It expires on \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    expect(stderr).not.toContain(stdout.trim());
    expect(await keysOf('creator')).toMatchObject([{ name: 'CI key', start: stdout.slice(0, 8) }]);
  });

  test('keys create --json prints the response of the API as one line', async () => {
    const { stdout, stderr } = await andamio(['--json', 'keys', 'create', 'scripted'], {
      env: environmentOf('scripter'),
    });
    expect(stdout.split('\n')).toHaveLength(2);
    expect(Object.keys(JSON.parse(stdout)).toSorted()).toEqual([
      'api_key',
      'created_at',
      'expires_at',
      'expires_in_days',
      'is_active',
      'name',
    ]);
    expect(stderr).toBe('');
  });

  test('a lost response to keys create ends in one key, which is printed', async () => {
    const front = await startServer(losingFirst(url));
    const { code, stdout } = await andamio(['keys', 'create', 'once', '--url', front.url], {
      env: environmentOf('loser'),
    });
    expect(code).toBe(0);
    expect(front.received).toHaveLength(2);
    expect(await keysOf('loser')).toMatchObject([{ name: 'once', start: stdout.slice(0, 8) }]);
  });

  test('if no response to keys create arrives, the command says that the key may exist', async () => {
    const front = await losingAll();
    const { code, stdout, stderr } = await andamio(['keys', 'create', 'lost', '--url', front], {
      env: environmentOf('unsure'),
    });
    expect({ code, stdout }).toEqual({ code: 77, stdout: '' });
    expect(stderr).toContain(
      `The key lost may exist, but is lost. To find and delete it:\n  andamio keys list --url ${front}\n  andamio keys delete lost --url ${front}\n`,
    );
    expect(await keysOf('unsure')).toMatchObject([{ name: 'lost' }]);
  });

  test('the commands in a message can be pasted: they go to the service of --url, also for a name that looks like an option', async () => {
    const name = "-Ada's key";
    let handle = losingFirst(url, refusing(401, 'unauthenticated'));
    const front = await startServer((received, response) => handle(received, response));
    const env = { ...environmentOf('paster'), ANDAMIO_URL: 'http://127.0.0.1:1' };
    const { stderr } = await andamio(['keys', 'create', '--url', front.url, '--', name], { env });
    handle = (received, response) => relay(url, received, response);
    const [list, remove] = [...stderr.matchAll(/^ {2}andamio (.*)$/gm)].map(([, args]) => args);
    const listed = await inShell(`$ANDAMIO ${list}`, { env });
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(`\n${name} `) });
    const yes = { when: /\[y\/N\]/, text: 'y\n' };
    expect(await onTerminal(`${remove}`, yes, env)).toMatchObject({ code: 0 });
    expect(await keysOf('paster')).toEqual([]);
  });

  test('the commands in a message ask for the --token-command of the user, and do not quote it', async () => {
    const front = await losingAll();
    const { ANDAMIO_TOKEN } = environmentOf('commander');
    const token = '--token-command=echo "$THE_TOKEN"';
    const { stderr } = await andamio(['keys', 'create', 'lost', '--url', front, token], {
      env: { THE_TOKEN: ANDAMIO_TOKEN },
    });
    expect(stderr).toContain(
      `  andamio keys list --url ${front} --token-command COMMAND\n  andamio keys delete lost --url ${front} --token-command COMMAND\n`,
    );
    expect(stderr).not.toContain('THE_TOKEN');
  });

  test('if the name is taken, the command does not say that the key may exist, although a response was lost', async () => {
    const env = environmentOf('namesake');
    await andamio(['keys', 'create', 'same'], { env });
    const front = await startServer(losingFirst(url));
    const { code, stderr } = await andamio(['keys', 'create', 'same', '--url', front.url], { env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^name_taken: [^.]*\.\n$/),
    });
    expect(front.received).toHaveLength(2);
  });

  test('keys create that cannot reach the service does not say that the key may exist', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await andamio(['keys', 'create', 'any', '--url', nowhere], {
      env: environmentOf('unsent'),
    });
    expect(code).toBe(69);
    expect(stderr).toContain('The request was not sent.');
    expect(stderr).not.toContain('may exist');
  });

  test.each([
    ['a full disk', onFullDisk('$ANDAMIO keys create unwritten'), 'EFBIG'],
    ['a reader that has exited', '$ANDAMIO keys create unwritten | true', 'EPIPE'],
  ])('a key that cannot be printed to %s is deleted again', async (_, command, reason) => {
    const { code, stderr } = await inShell(command, { env: environmentOf('unlucky') });
    expect({ code, stderr }).toEqual({
      code: 74,
      stderr: `The key could not be written (${reason}).\nThe key unwritten was deleted again.\n`,
    });
    expect(await keysOf('unlucky')).toEqual([]);
  });

  test('a key that can neither be printed nor deleted is named', async () => {
    const front = await startServer((received, response) =>
      received.path.endsWith('/delete')
        ? refusing(500, 'store_unavailable')(received, response)
        : relay(url, received, response),
    );
    const { code, stderr } = await inShell(onFullDisk('$ANDAMIO keys create unwritten'), {
      env: { ...environmentOf('unluckier'), ANDAMIO_URL: front.url },
    });
    expect({ code, stderr }).toEqual({
      code: 74,
      stderr: `The key could not be written (EFBIG).\nstore_unavailable: why\nThe key unwritten exists, but is lost. To delete it: andamio keys delete unwritten --url ${front.url}\n`,
    });
    expect(await keysOf('unluckier')).toMatchObject([{ name: 'unwritten' }]);
  });

  test.each([
    ['is deleted again, although a response was lost', 1, 'The key unwritten was deleted again.\n'],
    [
      'may exist if no response to its deletion arrives',
      3,
      'The key unwritten may exist, but is lost. To find and delete it:\n  andamio keys list --url URL\n  andamio keys delete unwritten --url URL\n',
    ],
  ])('a key that cannot be printed %s', async (_, count, message) => {
    let lost = count;
    const front = await startServer(async (received, response) => {
      if (!received.path.endsWith('/delete') || lost-- <= 0) return relay(url, received, response);
      await forward(url, received);
      response.socket?.destroy();
    });
    const { code, stderr } = await inShell(onFullDisk('$ANDAMIO keys create unwritten'), {
      env: { ...environmentOf(`doubtful-${count}`), ANDAMIO_URL: front.url },
    });
    expect(code).toBe(74);
    expect(stderr.slice(stderr.indexOf('The key unwritten'))).toBe(
      message.replaceAll('URL', front.url),
    );
    expect(await keysOf(`doubtful-${count}`)).toEqual([]);
  });

  test('a name that is taken is refused with exit code 1', async () => {
    const env = environmentOf('repeater');
    await andamio(['keys', 'create', 'same'], { env });
    const { code, stdout, stderr } = await andamio(['keys', 'create', 'same'], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^name_taken: api_key_name is already the name of one of your keys\. \(request \S+\)\n$/,
    );
  });
});

describe('keys list', () => {
  test('keys list prints a table, and with --json all pages of keys', async () => {
    const env = environmentOf('lister', 'enterprise');
    const names = Array.from({ length: 3 }, (_, index) => `key ${index}`);
    for (const name of names) await andamio(['keys', 'create', name], { env });
    const { stdout } = await andamio(['keys', 'list'], { env });
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^NAME +START +STATE +CREATED +EXPIRES +LAST USED +REQUESTS$/);
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(names);
    for (const row of rows)
      expect(row.slice(heading?.indexOf('STATE'))).toMatch(/^active .* never +0$/);
    const { stdout: json } = await andamio(['keys', 'list', '--json'], { env });
    expect(JSON.parse(json)).toEqual({ keys: await keysOf('lister') });
  });

  test('keys list reads every page', async () => {
    const key = {
      id: 'id',
      start: 'ant-Ab12',
      state: 'active',
      created_at: '2026-01-01T00:00:00Z',
      expires_at: '2027-01-01T00:00:00Z',
      previous_expires_at: null,
      last_used_at: null,
      requests_30d: 0,
    };
    const pages: Record<string, object> = {
      first: { keys: [{ ...key, name: 'one' }], next_page_token: 'second' },
      second: { keys: [{ ...key, name: 'two' }], next_page_token: null },
    };
    const front = await startServer(({ path }, response) => {
      const page = new URL(path, 'http://host').searchParams.get('page_token') ?? 'first';
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(pages[page]));
    });
    const { stdout } = await andamio(['keys', 'list', '--json', '--url', front.url], {
      env: environmentOf('reader'),
    });
    expect(JSON.parse(stdout).keys).toMatchObject([{ name: 'one' }, { name: 'two' }]);
  });

  test('without keys, keys list prints nothing to standard output', async () => {
    const result = await andamio(['keys', 'list'], { env: environmentOf('newcomer') });
    expect(result).toEqual({ code: 0, stdout: '', stderr: 'You have no keys.\n' });
  });
});

describe('keys extend', () => {
  test('keys extend extends a key that expires within a day, and refuses others', async () => {
    const env = environmentOf('extender');
    await andamio(['keys', 'create', 'short', '--days', '1'], { env });
    await andamio(['keys', 'create', 'long'], { env });
    const extended = await andamio(['keys', 'extend', 'short', '--days', '90'], { env });
    expect(extended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^API key expiration extended to \d{4}-/),
    });
    const refused = await andamio(['keys', 'extend', 'long'], { env });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^not_yet_rotatable/) });
  });
});

describe('keys roll', () => {
  test('keys roll prints the new key, and says until when the previous secret is valid', async () => {
    const env = environmentOf('roller');
    const before = await andamio(['keys', 'create', 'rolled'], { env });
    const after = await andamio(['keys', 'roll', 'rolled', '--grace', '3600'], { env });
    expect(after.stdout).toMatch(keyLine);
    expect(after.stdout).not.toBe(before.stdout);
    expect(after.stderr).toMatch(
      /The previous secret is valid until \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    );
    expect((await keysOf('roller')).map(({ state }) => state).toSorted()).toEqual([
      'active',
      'previous',
    ]);
  });

  test('keys roll --grace 0 says that the previous secret has expired, also if the new one is lost', async () => {
    const env = environmentOf('hasty-roller');
    await andamio(['keys', 'create', 'rolled'], { env });
    const roll = ['keys', 'roll', 'rolled', '--grace', '0'];
    const { stderr } = await andamio(roll, { env });
    expect(stderr).toContain(
      'Replaced the secret of the key rolled. The previous secret has expired, and stops working within seconds.\n',
    );
    const unwritten = await inShell(onFullDisk(`$ANDAMIO ${roll.join(' ')}`), { env });
    expect(unwritten.stderr).toContain(
      'The new secret is lost. The previous secret has expired, and stops working within seconds. To get another secret, roll the key again.\n',
    );
    const front = await losingAll();
    const unanswered = await andamio([...roll, '--url', front], { env });
    expect(unanswered.stderr).toContain(
      `To see whether its START has changed:\n  andamio keys list --url ${front}\nIf so, the previous secret has expired. To get another secret, roll the key again.\n`,
    );
  });

  test('if no response to keys roll arrives, the command says that the secret may be replaced', async () => {
    const env = environmentOf('half-roller');
    await andamio(['keys', 'create', 'rolled'], { env });
    const front = await losingAll();
    const { code, stdout, stderr } = await andamio(['keys', 'roll', 'rolled', '--url', front], {
      env,
    });
    expect({ code, stdout }).toEqual({ code: 77, stdout: '' });
    expect(stderr).toContain(
      `The secret of the key rolled may have been replaced, and the new one is lost. To see whether its START has changed:\n  andamio keys list --url ${front}\nIf so, the previous secret is valid until the grace period ends. To get another secret, roll the key again; the previous one then expires at once.\n`,
    );
    expect(await keysOf('half-roller')).toHaveLength(2);
  });

  test('a new secret that cannot be printed is lost, and the command says what happens to the previous one', async () => {
    const env = environmentOf('unlucky-roller');
    await andamio(['keys', 'create', 'rolled'], { env });
    const { code, stderr } = await inShell(onFullDisk('$ANDAMIO keys roll rolled'), { env });
    expect({ code, stderr }).toEqual({
      code: 74,
      stderr: expect.stringMatching(
        /^The key could not be written \(EFBIG\)\.\nThe new secret is lost\. The previous secret is valid until .{16} UTC\. To get another secret, roll the key again; the previous one then expires at once\.\n$/,
      ),
    });
  });
});

describe('keys delete', () => {
  test('without a terminal, keys delete requires --yes', async () => {
    const env = environmentOf('cautious');
    await andamio(['keys', 'create', 'kept'], { env });
    expect(await andamio(['keys', 'delete', 'kept'], { env })).toEqual({
      code: 64,
      stdout: '',
      stderr: 'Without a terminal, --yes is required. See --help.\n',
    });
    expect(await keysOf('cautious')).toHaveLength(1);
    expect(await andamio(['keys', 'delete', 'kept', '--yes'], { env })).toMatchObject({ code: 0 });
    expect(await keysOf('cautious')).toEqual([]);
  });

  test('on a terminal, keys delete shows the key with its last use, and deletes after yes only', async () => {
    const env = environmentOf('terminal');
    const created = await andamio(['keys', 'create', 'asked'], { env });
    const question = { when: /\[y\/N\]/, text: '\n' };
    const no = await onTerminal('keys delete asked', question, env);
    expect(no.code).toBe(1);
    expect(no.stdout).toContain(`asked (${created.stdout.slice(0, 8)}…): It was never used`);
    expect(no.stdout).toContain('Nothing was deleted.');
    expect(await keysOf('terminal')).toHaveLength(1);
    // Ctrl+D ends the input without an answer.
    expect((await onTerminal('keys delete asked', { ...question, text: '\x04' }, env)).code).toBe(
      1,
    );
    expect(await keysOf('terminal')).toHaveLength(1);
    const yes = await onTerminal('keys delete asked', { ...question, text: 'y\n' }, env);
    expect(yes).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Deleted the key asked'),
    });
    expect(await keysOf('terminal')).toEqual([]);
  });

  test('the question about a rolled key shows the beginning of the current secret', async () => {
    const env = environmentOf('roller');
    await andamio(['keys', 'create', 'twice'], { env });
    const rolled = await andamio(['keys', 'roll', 'twice', '--grace', '3600'], { env });
    const { stdout } = await onTerminal('keys delete twice', { when: /\[y\/N\]/, text: '\n' }, env);
    expect(stdout).toContain(`twice (${rolled.stdout.slice(0, 8)}…):`);
  });

  test('a name without a key is refused with exit code 1', async () => {
    const env = environmentOf('empty');
    const { code, stderr } = await andamio(['keys', 'delete', 'none', '--yes'], { env });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^no_such_key/) });
  });
});

describe.each(['keys create', 'keys roll'])('%s without an output', (verb) => {
  test.each([
    ['is closed', '>&-', 'is closed, or is /dev/null'],
    ['and standard error are closed', '>&- 2>&-', undefined],
    ['is /dev/null', '> /dev/null', 'is closed, or is /dev/null'],
    ['is full', '> /dev/full', 'cannot be written (ENOSPC)'],
    ['is open for reading only', '1< /dev/zero', 'cannot be written (EBADF)'],
  ])(`${verb} requests no key if standard output %s`, async (_, redirection, defect) => {
    const service = await startServer(refusing(500, 'internal'));
    const command = `$ANDAMIO ${verb} name --url ${service.url} ${redirection}`;
    const { code, stderr } = await inShell(command, { env: environmentOf('blind') });
    expect(code).toBe(74);
    if (defect !== undefined)
      expect(stderr).toBe(
        `Standard output ${defect}, so the key would be lost. No key was requested. Print it to a terminal, a pipe or a file, or store it with --to.\n`,
      );
    expect(service.received).toEqual([]);
  });
});

test.each([
  ['a file', '> key && cat key'],
  ['a file that is appended to', '>> key && cat key'],
  ['a pipe', '| cat'],
  ['a named pipe', '> pipe & cat pipe; wait $!'],
])('keys create prints the key to %s', async (_, output) => {
  const folder = temporaryFolder();
  const { code, stdout } = await inShell(
    `cd ${folder} && mkfifo pipe && { $ANDAMIO keys create printed ${output}; }`,
    { env: environmentOf(`printer-${output.length}`) },
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(keyLine) });
});

test('keys create prints the key to a terminal', async () => {
  const { code, stdout } = await onTerminal('keys create printed', [], environmentOf('printer'));
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ant-\w{40}\r\n/) });
});

test.each([
  ['create', 'keys create any --to env:.env'],
  ['create on standard output', 'keys create any'],
  ['create as JSON', 'keys create any --json'],
  ['roll', 'keys roll any --to env:.env'],
  ['login', 'login --device'],
])('a malformed key of the service is neither stored nor printed: %s', async (_, command) => {
  const injected = `ant-00000000000000000000000000000000001rx2J0\nNODE_OPTIONS=--require=evil\x1b]0;title\x07`;
  const times = { created_at: '2026-01-01T00:00:00Z', expires_at: '2026-02-01T00:00:00Z' };
  const key = { ...times, previous_expires_at: times.expires_at, name: 'any', api_key: injected };
  const service = await startServer(({ headers }, response) => {
    const started = {
      device_code: 'a-device-code',
      user_code: 'WDJB-MJHT',
      verification_uri: `http://${headers.host}/console/device`,
      interval: 0.05,
      expires_in: 60,
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...started, ...key, expires_in_days: 31, is_active: true }));
  });
  const folder = temporaryFolder();
  await writeFile(join(folder, '.env'), 'PORT=1\n');
  const env = {
    ANDAMIO_URL: service.url,
    ANDAMIO_TOKEN: 'a-token',
    XDG_CONFIG_HOME: join(folder, 'config'),
  };
  const { code, stdout, stderr } = await inShell(`cd ${folder} && $ANDAMIO ${command}`, { env });
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  expect(stderr).toContain('is malformed');
  expect(stderr).not.toContain('NODE_OPTIONS');
  expect(await readFile(join(folder, '.env'), 'utf8')).toBe('PORT=1\n');
  expect(await readdir(folder), 'nothing else was written').toEqual(['.env']);
});
