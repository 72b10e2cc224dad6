import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@andamio/testing/wait-for';
import { describe, expect, test } from 'vitest';
import { andamio, startAndamio, startService, temporaryFolder } from './harness/cli.ts';
import { forward, type Handler, refusing, relay, startServer } from './harness/front.ts';
import { usersOf } from './harness/users.ts';

const { url } = await startService();
const { environmentOf, keysOf } = usersOf(url);

/** Returns a handler that refuses a request because of the rate limit. */
const limited = (seconds: number): Handler =>
  refusing(429, 'rate_limited', { 'retry-after': `${seconds}` });

const relayed: Handler = (received, response) => relay(url, received, response);

const lost: Handler = async (received, response) => {
  await forward(url, received);
  response.socket?.destroy();
};

/** Starts a server that answers each request with the next handler, and later ones with the last. */
const answeringInTurn = (...handlers: readonly [Handler, ...Handler[]]) => {
  const left = [...handlers];
  return startServer((received, response) => {
    const [next] = left;
    if (left.length > 1) left.shift();
    return next?.(received, response);
  });
};

test.each([
  ['whoami', ['whoami']],
  ['keys create', ['keys', 'create', 'waited']],
  ['keys list --json', ['keys', 'list', '--json']],
])('%s says how long it waits for the rate limit, and then continues', async (_, args) => {
  const front = await answeringInTurn(limited(1), relayed);
  const { code, stderr } = await andamio([...args, '--url', front.url], {
    env: environmentOf('patient'),
  });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^The rate limit is reached\. Retrying in 1 s\.\n/);
});

test('another pause is announced with the code of the failure', async () => {
  const unready = refusing(503, 'not_ready', { 'retry-after': '1' });
  const front = await answeringInTurn(unready, relayed);
  const { stderr } = await andamio(['whoami', '--url', front.url], { env: environmentOf('early') });
  expect(stderr).toBe('The request failed (not_ready). Retrying in 1 s.\n');
});

test('a short pause is not announced', async () => {
  const front = await answeringInTurn(refusing(503, 'not_ready'), relayed);
  const { code, stderr } = await andamio(['whoami', '--url', front.url], {
    env: environmentOf('quick'),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

describe('an interrupted pause', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s during a pause for the rate limit ends the command at once, and leaves nothing behind',
    async (signal) => {
      const front = await answeringInTurn(limited(40));
      const folder = temporaryFolder();
      const target = `env:${join(folder, '.env')}`;
      const run = startAndamio(['keys', 'create', 'any', '--to', target, '--url', front.url], {
        env: environmentOf('impatient'),
      });
      await waitFor('the pause', async () => run.output().includes('Retrying in 40 s.'));
      run.kill(signal);
      expect(await run.result).toEqual({
        code: signal,
        stdout: '',
        stderr: 'The rate limit is reached. Retrying in 40 s.\n',
      });
      expect(front.received).toHaveLength(1);
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('a signal during a request ends the command when the rate limit refuses the request', async () => {
    const asked = Promise.withResolvers<void>();
    const refused = Promise.withResolvers<void>();
    const front = await startServer(async (received, response) => {
      asked.resolve();
      await refused.promise;
      await limited(40)(received, response);
    });
    const run = startAndamio(['keys', 'roll', 'any', '--url', front.url], {
      env: environmentOf('early-bird'),
    });
    await asked.promise;
    run.kill('SIGINT');
    await waitFor('the note', async () => run.output().includes('Interrupted.'));
    refused.resolve();
    expect(await run.result).toEqual({
      code: 'SIGINT',
      stdout: '',
      stderr: expect.stringMatching(/^Interrupted\. .* at once\.\n$/),
    });
  });

  test('a signal during a pause is held back if an earlier attempt may have been processed', async () => {
    const front = await answeringInTurn(lost, limited(2), relayed);
    const run = startAndamio(['keys', 'create', 'doubtful', '--url', front.url], {
      env: environmentOf('doubter'),
    });
    await waitFor('the pause', async () => run.output().includes('Retrying in 2 s.'));
    run.kill('SIGINT');
    const { code, stdout, stderr } = await run.result;
    expect({ code, stdout }).toEqual({
      code: 'SIGINT',
      stdout: expect.stringMatching(/^ant-\w{40}\n$/),
    });
    expect(stderr).toContain('Interrupted.');
    expect(await keysOf('doubter')).toMatchObject([
      { name: 'doubtful', start: stdout.slice(0, 8) },
    ]);
  });

  test('a second signal during such a pause ends the command, which says that the key may exist', async () => {
    const front = await answeringInTurn(lost, limited(40));
    const run = startAndamio(['keys', 'create', 'doubtful', '--url', front.url], {
      env: environmentOf('second-doubter'),
    });
    await waitFor('the pause', async () => run.output().includes('Retrying in 40 s.'));
    run.kill('SIGINT');
    await waitFor('the note', async () => run.output().includes('Interrupted.'));
    run.kill('SIGINT');
    const { code, stderr } = await run.result;
    expect(code).toBe('SIGINT');
    expect(stderr).toContain('The key doubtful may exist, but is lost.');
  });
});
