import { type Emulator, startEmulator } from '@andamio/testing/emulator';
import { freePort } from '@andamio/testing/free-port';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { Firestore } from '@google-cloud/firestore';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { expectError } from '../harness/expect-error.ts';
import { firestoreSettings, freshProject } from '../harness/stores.ts';

describe.skipIf(inject('emulatorHost') === undefined)('when Firestore fails', () => {
  let emulator: Emulator | undefined;
  let service: TestProcess | undefined;
  const project = freshProject();
  // A busy machine may take half a minute for each of the two emulators.
  vi.setConfig({ testTimeout: 180_000 });

  afterEach(async () => {
    service?.signal('SIGKILL');
    await emulator?.stop();
  });

  async function start() {
    emulator = await startEmulator();
    service = await startProcess(firestoreSettings(emulator.host, project));
    return { emulator, url: service.url };
  }

  /** Requests a key, and measures the time until the response. */
  async function timed(url: string, name: string) {
    const startedAt = Date.now();
    const answer = await requestKey(url, { api_key_name: name }, { token: tokenFor('owner') });
    return { answer, milliseconds: Date.now() - startedAt };
  }

  async function health(url: string, path: string) {
    const startedAt = Date.now();
    const { status } = await fetch(`${url}/health/${path}`);
    return { status, milliseconds: Date.now() - startedAt };
  }

  async function expectFailure(url: string, name: string, code: string) {
    const { answer, milliseconds } = await timed(url, name);
    expect(milliseconds).toBeLessThan(10_000);
    expectError(answer, 500, code);
    expect(await health(url, 'ready')).toMatchObject({ status: 503 });
    const live = await health(url, 'live');
    expect(live.status).toBe(200);
    expect(live.milliseconds).toBeLessThan(1_000);
  }

  const hasReadiness = (url: string, status: 200 | 503) => async () =>
    (await health(url, 'ready')).status === status;

  /**
   * Waits until a key of that name is stored. A cold emulator on a busy machine may respond to the
   * first requests later than the service waits, but may still store the key.
   */
  const issued = (url: string, name: string) =>
    waitFor(`the key ${name} to be stored`, async () => {
      const { answer } = await timed(url, name);
      return answer.status === 200 || answer.headers.get('x-error-code') === 'name_taken';
    });

  test('responds with 500 in time while Firestore is down, stays live and recovers', async () => {
    const { emulator: first, url } = await start();
    await issued(url, 'before');
    await first.stop();
    // A write that the service sends before it notices that the connection is closed may be made.
    await waitFor('the service to notice', hasReadiness(url, 503));
    await expectFailure(url, 'during', 'store_unavailable');

    emulator = await startEmulator(first.port);
    await waitFor('the service to be ready again', hasReadiness(url, 200), 20);
    expect((await timed(url, 'after')).answer.status).toBe(200);
  });

  test('responds with 500 in time while Firestore hangs, and writes nothing of those requests later', async () => {
    const { emulator: stopped, url } = await start();
    await issued(url, 'before');
    stopped.signal('SIGSTOP');
    const refused = await Promise.all(
      Array.from({ length: 10 }, (_, index) => timed(url, `during ${index}`)),
    );
    for (const { answer, milliseconds } of refused) {
      expect(answer.status).toBe(500);
      expect(milliseconds).toBeLessThan(10_000);
    }
    await expectFailure(url, 'during', 'outcome_unknown');

    // A request that failed before its write was sent must not be stored. The request in flight may
    // be stored.
    const unsent = refused.flatMap(({ answer }, index) =>
      answer.headers.get('x-error-code') === 'store_unavailable' ? [`during ${index}`] : [],
    );
    expect(unsent.length).toBeGreaterThan(5);
    stopped.signal('SIGCONT');
    await waitFor('the service to be ready again', hasReadiness(url, 200), 20);
    expect((await timed(url, 'after')).answer.status).toBe(200);
    const firestore = new Firestore({ projectId: project, host: stopped.host, ssl: false });
    const names = (await firestore.collection('names').get()).docs.map((document) =>
      document.get('name'),
    );
    await firestore.terminate();
    expect(names).toEqual(expect.arrayContaining(['before', 'after']));
    expect(unsent.filter((name) => names.includes(name))).toEqual([]);
  });

  test('starts while Firestore is down, and recovers', async () => {
    const port = await freePort();
    service = await startProcess(firestoreSettings(`127.0.0.1:${port}`, project));
    for (const name of ['early', 'again'])
      await expectFailure(service.url, name, 'store_unavailable');
    emulator = await startEmulator(port);
    await waitFor('the service to be ready', hasReadiness(service.url, 200), 20);
    expect((await timed(service.url, 'late')).answer.status).toBe(200);
  });
});
