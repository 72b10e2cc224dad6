import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { spawnService, startProcess, type TestProcess } from '@andamio/testing/service-process';
import { requestKey } from '@andamio/testing/service-requests';
import { waitFor } from '@andamio/testing/wait-for';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { expectError } from '../harness/expect-error.ts';
import { temporaryFile } from '../harness/stores.ts';

/** Creates a named pipe and returns its path. */
function pipe(): string {
  const path = temporaryFile();
  execFileSync('mkfifo', [path]);
  return path;
}

describe('when the embedded store fails', () => {
  let service: TestProcess | undefined;
  afterEach(() => service?.signal('SIGKILL'));

  const status = async (path: string) => (await fetch(`${service?.url}/health/${path}`)).status;

  test('responds with 500 in time while another process locks the database, stays live and recovers', async () => {
    const path = temporaryFile();
    service = await startProcess({ SQLITE_PATH: path });
    const { url } = service;
    expect((await requestKey(url, { api_key_name: 'before' })).status).toBe(200);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');

    const startedAt = Date.now();
    const waiting = requestKey(url, { api_key_name: 'during' });
    for (let asked = 0; asked < 20; asked++) {
      const before = Date.now();
      expect(await status('live')).toBe(200);
      expect(Date.now() - before).toBeLessThan(1_000);
    }
    expectError(await waiting, 500, 'store_unavailable');
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(await status('ready')).toBe(503);

    other.exec('ROLLBACK');
    other.close();
    await waitFor('the service to be ready again', async () => (await status('ready')) === 200, 10);
    expect((await requestKey(url, { api_key_name: 'during' })).status, 'nothing was written').toBe(
      200,
    );
  });

  test('does not start if SQLITE_PATH is not a database, and prints the path and the remedy', async () => {
    const path = temporaryFile();
    writeFileSync(path, 'not a database');
    const started = spawnService({ SQLITE_PATH: path });
    expect((await started.exited).code).toBe(78);
    expect(started.output()).toBe(
      `SQLITE_PATH must name a SQLite database, but ${path} is a different kind of file. Move it, or set another path.\n`,
    );
    expect(readFileSync(path, 'utf8')).toBe('not a database');
  });

  test.each([
    ['a pipe', pipe],
    ['a folder', () => dirname(temporaryFile())],
    ['a device', () => '/dev/null'],
  ])('does not start if SQLITE_PATH names %s', async (_, create) => {
    const started = spawnService({ SQLITE_PATH: create() });
    onTestFinished(() => started.signal('SIGKILL'));
    expect((await started.exited).code).toBe(78);
    expect(started.output()).toContain('is a different kind of file.');
  });

  test.each([
    ['another program', 'CREATE TABLE notes (text TEXT)', /tables of another program/],
    [
      'a newer version of the service',
      'PRAGMA user_version = 1000',
      /A newer version of this service/,
    ],
  ])('logs the path and changes nothing if the database belongs to %s', async (_, sql, reason) => {
    const path = temporaryFile();
    const other = new DatabaseSync(path);
    other.exec(sql);
    other.close();
    const before = readFileSync(path);
    service = await startProcess({ SQLITE_PATH: path });
    expect(await status('ready')).toBe(503);
    await waitFor('the log line with the cause', () => reason.test(service?.output() ?? ''));
    expect(service.output()).toContain(path);
    expect(readFileSync(path)).toEqual(before);
  });

  test('starts if the folder of the database cannot be created, is not ready, and ends on SIGTERM', async () => {
    service = await startProcess({ SQLITE_PATH: '/proc/none/keys.db' });
    expect(await status('ready')).toBe(503);
    expect((await service.stop()).code).toBe(0);
  });

  test('starts if the database cannot be opened, responds with 500, and recovers', async () => {
    const path = temporaryFile('not-yet/keys.db');
    const blockingFile = path.replace('/keys.db', '');
    writeFileSync(blockingFile, 'a file where the folder should be');
    service = await startProcess({ SQLITE_PATH: path });
    expect(await status('ready')).toBe(503);
    expectError(await requestKey(service.url, { api_key_name: 'abc' }), 500, 'store_unavailable');
    rmSync(blockingFile);
    await waitFor('the service to be ready', async () => (await status('ready')) === 200, 10);
    expect((await requestKey(service.url, { api_key_name: 'abc' })).status).toBe(200);
  });
});
