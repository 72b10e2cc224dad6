import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { spawnService, startProcess } from '../harness/process.ts';
import { freshProject } from '../harness/stores.ts';
import { waitFor } from '../harness/wait-for.ts';

describe('the start', () => {
  let end = () => {};
  afterEach(() => end());

  test('ends in a line that says listening and the port', async () => {
    const service = await startProcess();
    end = () => service.signal('SIGKILL');
    const line = service
      .output()
      .split('\n')
      .find((text) => text.includes('"listening"'));
    expect(JSON.parse(line as string)).toMatchObject({ severity: 'INFO', message: 'listening', port: service.port });
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  });

  test('fails with a line and a code where the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    end = () => other.close();
    const service = spawnService({ PORT: String((other.address() as { port: number }).port) });
    expect((await service.exited).code).toBe(1);
    expect(service.output()).toMatch(/"severity":"CRITICAL".*"message":"Port \d+ is in use on 127.0.0.1: .*set PORT/);
    expect(service.output().trim().split('\n'), 'one line and no stack').toHaveLength(1);
  });

  test.each(['no-such-host.invalid', '192.0.2.1'])(
    'names HOST where it is no address of this machine: %s',
    async (HOST) => {
      const service = spawnService({ PORT: '0', HOST });
      expect((await service.exited).code).toBe(1);
      expect(service.output()).toMatch(/"message":"HOST must be an address of this machine/);
      expect(service.output().trim().split('\n')).toHaveLength(1);
    },
  );

  const onFirestore = {
    KEY_STORE: 'firestore',
    GOOGLE_CLOUD_PROJECT: freshProject(),
    FIRESTORE_EMULATOR_HOST: inject('emulatorHost'),
  };

  /** Runs a copy of dist alone, far from every node_modules, until it is ready. */
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
      'the store to answer',
      async () => (await fetch(`http://127.0.0.1:${port()}/health/ready`)).status === 200,
    );
  }

  test('needs nothing but the folder dist', () => runAlone({}));
  test.skipIf(inject('emulatorHost') === undefined)('needs nothing else on Firestore either', () =>
    runAlone(onFirestore),
  );
});
