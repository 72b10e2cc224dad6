import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { freePort } from '@andamio/testing/free-port';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { run } from '@andamio/testing/packed';
import { findAvailable, works } from '@andamio/testing/requirements';
import { startProcess } from '@andamio/testing/service-process';
import { newKey, verifyKey } from '@andamio/testing/service-requests';
import { describe, expect, onTestFinished, test } from 'vitest';
import { transportFailureOf } from '../src/transport-failure.ts';
import { folderOf } from './harness/folder.ts';
import { leaks } from './harness/leaks.ts';

const available = findAvailable({
  openssl: () => (works('openssl', 'version') ? undefined : 'openssl'),
});

async function startService(environment: Readonly<Record<string, string>>) {
  const service = await startProcess({ SQLITE_PATH: ':memory:', ...environment });
  onTestFinished(async () => void (await service.stop()));
  return service;
}

test('--report revokes the found keys of the service, in batches', async () => {
  const service = await startService({ KEY_REPORTS: 'on' });
  const [first, last, other] = [
    await newKey(service.url, 'one'),
    await newKey(service.url, 'two'),
    await newKey(service.url, 'three'),
  ];
  const found = [first, ...Array.from({ length: 120 }, makeKey), last];
  const folder = folderOf({ 'dump.txt': found.join('\n'), [`${first}.txt`]: '' });
  const { out, err, code } = await leaks(['--report', `${service.url}/`, folder]);
  expect(err).toContain(`122 keys reported to ${service.url}`);
  expect(code).toBe(1);
  for (const key of [first, last]) {
    expect((await verifyKey(service.url, key)).status).toBe(401);
    expect(out + err).not.toContain(key);
  }
  expect((await verifyKey(service.url, other)).status).toBe(200);
});

test('--report waits as long as the rate limit requires, and sends the batch again', async () => {
  const answers = [429, 202];
  let sent = 0;
  const limited = createServer((request, response) => {
    request.resume().once('end', () => {
      const status = answers[sent++] ?? 500;
      response.writeHead(status, status === 429 ? { 'retry-after': '1' } : {}).end();
    });
  });
  const port = await listenOnLoopback(limited);
  onTestFinished(() => void limited.close());
  const folder = folderOf({ 'a.txt': makeKey() });
  const { err, code } = await leaks(['--report', `http://127.0.0.1:${port}`, folder]);
  expect(err).toContain('continuing in 1 second\n');
  expect(err).toContain('1 key reported');
  expect([code, sent]).toEqual([1, 2]);
});

test('--report exits with 2 if the service does not accept reports', async () => {
  const service = await startService({});
  const folder = folderOf({ 'a.txt': makeKey() });
  expect(await leaks(['--report', service.url, folder])).toMatchObject({
    code: 2,
    err: expect.stringContaining(
      `${service.url} did not accept the report: 404 not_found. The service must have the setting KEY_REPORTS=on.`,
    ),
  });
});

describe('a report that cannot be sent', () => {
  const key = makeKey();

  /** Reports a key to the address. Returns what the command says about the report. */
  async function failureOf(address: string): Promise<string> {
    const folder = folderOf({ 'a.txt': key });
    const { out, err, code } = await leaks(['--report', address, folder]);
    expect(code).toBe(2);
    expect(out + err).not.toContain(key);
    return err.slice(err.indexOf('The report')).replaceAll(address, 'ADDRESS');
  }

  const failed = (reason: string) =>
    `The report could not be sent to ADDRESS: ${reason}.\n0 of 1 keys were reported.\n`;

  test('--report names a refused connection', async () => {
    const message = await failureOf(`http://127.0.0.1:${await freePort()}`);
    expect(message).toContain(failed('the connection was refused (ECONNREFUSED)'));
  });

  test('--report names an unknown host', async () => {
    const message = await failureOf('https://no-such-host.invalid');
    const reasons = [
      'the host name is unknown (ENOTFOUND)',
      'the name server did not respond (EAI_AGAIN)',
    ];
    expect(reasons.some((reason) => message.includes(failed(reason)))).toBe(true);
  });

  test('--report names a server that does not speak TLS', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    const port = await listenOnLoopback(server);
    expect(await failureOf(`https://127.0.0.1:${port}`)).toMatch(
      /^The report could not be sent to ADDRESS: no TLS connection could be established \(\w+\)\.\n/,
    );
  });

  test.runIf(available.includes('openssl'))('--report names an untrusted certificate', async () => {
    const folder = folderOf({});
    await run(folder, 'openssl', [
      ...'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1'.split(' '),
      ...'-keyout key.pem -out cert.pem'.split(' '),
    ]);
    const [tlsKey, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name)));
    const server = createTlsServer({ key: tlsKey, cert });
    onTestFinished(() => void server.close());
    const port = await listenOnLoopback(server);
    expect(await failureOf(`https://127.0.0.1:${port}`)).toContain(
      failed('the certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)'),
    );
  });

  test('--report names a connection that breaks', async () => {
    const server = createServer((request) => void request.socket.destroy());
    onTestFinished(() => void server.close());
    const port = await listenOnLoopback(server);
    expect(await failureOf(`http://127.0.0.1:${port}`)).toMatch(
      /^The report could not be sent to ADDRESS: the connection broke \(\w+\)\.\n/,
    );
  });
});

test('a request that times out is named', async () => {
  const server = createServer();
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = await listenOnLoopback(server);
  const error = await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(1) }).catch(
    (failure: unknown) => failure,
  );
  expect(transportFailureOf(error)).toBe('no response arrived in time');
});

test('--report says how many keys were reported before a batch failed, and follows no redirect', async () => {
  const statuses = [202, 307];
  const targets: unknown[] = [];
  const server = createServer((request, response) => {
    targets.push(request.url);
    request.resume().once('end', () => {
      response.writeHead(statuses.shift() ?? 500, { location: '/elsewhere' }).end();
    });
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => void server.close());
  const folder = folderOf({ 'a.txt': Array.from({ length: 130 }, makeKey).join('\n') });
  const { err, code } = await leaks(['--report', `http://127.0.0.1:${port}`, folder]);
  expect(err).toContain(
    'did not accept the report: 307. Redirects are not followed: give the address of the service itself.\n100 of 130 keys were reported.\n',
  );
  expect(code).toBe(2);
  expect(targets).toEqual(['/api/v1/apikey/report', '/api/v1/apikey/report']);
});

test('--report escapes control characters in the error code of the service', async () => {
  const service = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(400, { 'x-error-code': 'a\x9b2J' }).end();
    });
  });
  const port = await listenOnLoopback(service);
  onTestFinished(() => void service.close());
  const folder = folderOf({ 'a.txt': makeKey() });
  const { err, code } = await leaks(['--report', `http://127.0.0.1:${port}`, folder]);
  expect(err).toContain('did not accept the report: 400 a\\u{9b}2J.');
  expect(code).toBe(2);
});

test.each(['http://example.com', 'ftp://example.com', 'https://user:secret@example.com'])(
  '--report sends no key to %s',
  async (url) => {
    const folder = folderOf({ 'a.txt': makeKey() });
    const { err, code } = await leaks(['--report', url, folder]);
    expect(code).toBe(2);
    expect(err).toMatch(/--report must (be an https URL|begin with https:)/);
  },
);
