import { createServer } from 'node:http';
import { makeKey } from '@andamio/schema/key-format';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { startProcess } from '@andamio/testing/service-process';
import { newKey, verifyKey } from '@andamio/testing/service-requests';
import { expect, onTestFinished, test } from 'vitest';
import { folderOf } from './harness/folder.ts';
import { leaks } from './harness/leaks.ts';

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
  expect(err).toContain('continuing in 1 seconds');
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
