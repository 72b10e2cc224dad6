import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logEvents } from '@andamio/schema/log-events';
import { spawnService, startProcess } from '@andamio/testing/service-process';
import { requestKey } from '@andamio/testing/service-requests';
import { waitFor } from '@andamio/testing/wait-for';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { firestoreSettings } from '../harness/stores.ts';

describe('start', () => {
  let end = () => {};
  afterEach(() => end());

  test('logs that it listens, with the port', async () => {
    const service = await startProcess();
    end = () => service.signal('SIGKILL');
    expect(service.logged(logEvents.listening)).toMatchObject({
      severity: 'INFO',
      ...logEvents.listening,
      port: service.port,
    });
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  });

  test('limits expires_in_days to MAX_EXPIRES_IN_DAYS', async () => {
    const service = await startProcess({ MAX_EXPIRES_IN_DAYS: '90' });
    end = () => service.signal('SIGKILL');
    const ask = (expires_in_days: number) =>
      requestKey(service.url, { api_key_name: 'MyFirstKey', expires_in_days });
    expect([(await ask(91)).status, (await ask(90)).status]).toEqual([422, 200]);
  });

  test('logs one line and exits with 1 if the port is in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    end = () => other.close();
    const service = spawnService({ PORT: String((other.address() as { port: number }).port) });
    expect((await service.exited).code).toBe(1);
    expect(service.output()).toMatch(
      /"severity":"CRITICAL".*"message":"Port \d+ is in use on 127.0.0.1\. .*set PORT/,
    );
    expect(service.output().trim().split('\n'), 'one line and no stack').toHaveLength(1);
  });

  test.each(['300.1.1.1', '192.0.2.1', 'fe80::1', 'no such host'])(
    'prints one line that names HOST but not its value, and exits with 78, if HOST is %s',
    async (HOST) => {
      const service = spawnService({ PORT: '0', HOST });
      expect((await service.exited).code).toBe(78);
      expect(service.output()).toBe(
        'HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0. Some shells set HOST themselves.\n',
      );
    },
  );

  /**
   * Starts a copy of `dist` in a folder without node_modules, and resolves when the service is
   * ready.
   */
  async function runAlone(settings: Record<string, string | undefined>) {
    const folder = mkdtempSync(join(tmpdir(), 'alone-'));
    cpSync(new URL('../../dist', import.meta.url), folder, { recursive: true });
    const child = spawn(process.execPath, ['main.js'], {
      cwd: folder,
      env: { PORT: '0', ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    end = () => child.kill('SIGKILL');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const port = () => /"port":(\d+)/.exec(output)?.[1];
    await waitFor('the service to listen', () => port() !== undefined);
    await waitFor(
      'the store to respond',
      async () => (await fetch(`http://127.0.0.1:${port()}/health/ready`)).status === 200,
    );
  }

  test('runs from the dist folder alone', () => runAlone({}));
  test.skipIf(inject('emulatorHost') === undefined)(
    'runs from the dist folder alone on Firestore',
    () => runAlone(firestoreSettings(inject('emulatorHost') as string)),
  );
});
