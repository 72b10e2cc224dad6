import { setTimeout as delay } from 'node:timers/promises';
import { startProcess, type TestProcess, untilReady } from '@andamio/testing/service-process';
import {
  approveDevice,
  getUser,
  redeemDevice,
  startDeviceLogin,
  successfulBody,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { firestoreSettings, temporaryFile } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost');

/** Maximum random time, in milliseconds, between the approval and the kill. */
const longestLife = 40;

async function killDuringApproval(
  environment: Readonly<Record<string, string>>,
  rounds: number,
): Promise<void> {
  const start = async () => {
    const service = await startProcess({ ...environment, DEVICE_LOGIN: 'on' });
    await untilReady(service); // Before it has connected to Firestore, requests may fail.
    return service;
  };
  const survivor = await start();
  let killed: TestProcess = await start();
  onTestFinished(() => {
    for (const service of [survivor, killed]) service.signal('SIGKILL');
  });

  for (let round = 0; round < rounds; round++) {
    const token = tokenFor(`user ${round}`);
    const started = successfulBody(await startDeviceLogin(killed.url));
    const { user_code, device_code: deviceCode } = started;
    const keys: unknown[] = [];
    const poll = async ({ url }: TestProcess) => {
      const answer = await redeemDevice(url, deviceCode).catch(() => undefined);
      if (answer?.status !== 200) return false;
      keys.push(answer.body['api_key']);
      return true;
    };
    const approve = async ({ url }: TestProcess) => {
      await approveDevice(url, { user_code }, { token }).catch(() => undefined);
      const body = { user_code, decision: 'approve' };
      return (await approveDevice(url, body, { token }).catch(() => undefined))?.status === 200;
    };
    let isRunning = true;
    const polling = [survivor, killed].map(async (service) => {
      while (isRunning) await poll(service);
    });
    const approving = approve(killed);
    await delay(Math.random() * longestLife);
    await killed.stop('SIGKILL');
    isRunning = false;
    await Promise.all([...polling, approving]);

    killed = await start();
    await waitFor('the approval', () => approve(killed));
    for (const service of [survivor, killed, survivor])
      await waitFor('the key', () => poll(service));
    expect(new Set(keys).size, `round ${round}`).toBe(1);
    const user = successfulBody(await getUser(survivor.url, { token }));
    expect(user['active_keys'], `round ${round}`).toHaveLength(1);
  }
}

test('two processes, one of which is killed at random moments, yield one key per login on SQLite', async () => {
  await killDuringApproval({ SQLITE_PATH: temporaryFile() }, 10);
}, 120_000);

test.skipIf(emulatorHost === undefined)(
  'two processes, one of which is killed at random moments, yield one key per login on Firestore',
  async () => {
    await killDuringApproval(firestoreSettings(emulatorHost as string), 5);
  },
  120_000,
);
