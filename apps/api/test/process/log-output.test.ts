import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { freePort } from '@andamio/testing/free-port';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, onTestFinished, test } from 'vitest';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/**
 * Starts the built service with the given standard output, and resolves when the service responds.
 */
async function start(stdout: 'pipe' | number) {
  const port = await freePort();
  const child = spawn(process.execPath, [main], {
    cwd: mkdtempSync(join(tmpdir(), 'andamio-api-')),
    env: { PORT: `${port}`, LOG_LEVEL: 'trace', IP_RATE_LIMIT_PER_MINUTE: '1000000' },
    stdio: ['ignore', stdout, 'pipe'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const isLive = () =>
    fetch(`${url}/health/live`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await waitFor('the service to respond', isLive);
  return {
    url,
    port,
    stdout: child.stdout as Readable,
    isLive,
    errors: () => errors,
    async terminate() {
      const startedAt = performance.now();
      child.kill('SIGTERM');
      return { code: await exited, milliseconds: performance.now() - startedAt };
    },
  };
}

/**
 * Sends pipelined requests, each of which causes a log line, and resolves when all responses have
 * arrived.
 */
async function fill(port: number, requests: number): Promise<void> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  let answered = 0;
  let rest = '';
  socket.on('data', (text: string) => {
    rest += text;
    const heads = rest.split('HTTP/1.1 200');
    answered += heads.length - 1;
    rest = (heads.at(-1) as string).slice(-12);
  });
  const request = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
  for (let sent = 0; sent < requests; sent += 1_000) {
    socket.write(request.repeat(1_000));
    await waitFor('the responses', () => answered >= sent + 1_000, 60);
  }
  socket.destroy();
}

test('a stalled reader of the log delays no request, and lines beyond 8 MiB are dropped and counted', async () => {
  const { port, stdout, isLive } = await start('pipe');
  // Nothing reads the pipe, because Node.js reads a child's output only once there is a listener. A
  // log line has about 450 bytes.
  await fill(port, 22_000);
  expect(await isLive()).toBe(true);

  let output = '';
  let lines = 0;
  stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4_000);
    lines += text.split('\n').length - 1;
  });
  await waitFor('the line with the count', () => /dropped \d+ log lines/.test(output));
  const [, dropped] = /"dropped (\d+) log lines"/.exec(output) ?? [];
  expect(Number(dropped)).toBeGreaterThan(100);
  expect(lines).toBeLessThan(22_000);
  expect(lines + Number(dropped)).toBeGreaterThanOrEqual(22_000);
});

test('SIGTERM ends the service in time while its log is not read', async () => {
  const { port, terminate } = await start('pipe');
  await fill(port, 2_000);
  const { code, milliseconds } = await terminate();
  expect(code).toBe(0);
  expect(milliseconds).toBeLessThan(8_000);
});

test('a closed log pipe delays no request', async () => {
  const { port, stdout, isLive, terminate, errors } = await start('pipe');
  stdout.destroy();
  await fill(port, 2_000);
  expect(await isLive()).toBe(true);
  expect((await terminate()).code).toBe(0);
  expect(errors()).toBe('');
});

test('a full disk delays no request', async () => {
  const full = openSync('/dev/full', 'w');
  const { port, isLive, terminate, errors } = await start(full);
  closeSync(full);
  await fill(port, 2_000);
  expect(await isLive()).toBe(true);
  const { code, milliseconds } = await terminate();
  expect(code).toBe(0);
  expect(milliseconds).toBeLessThan(8_000);
  expect(errors()).toBe('');
});
