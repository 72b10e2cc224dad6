import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processPepper, startProcess, type TestProcess } from '@andamio/testing/service-process';
import {
  deleteKey,
  getDailyUsage,
  getUsage,
  getUser,
  requestKey,
  rotateKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { jwtSecret, tokenFor } from '@andamio/testing/tokens';
import { Firestore } from '@google-cloud/firestore';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { firestoreSettings } from '../harness/stores.ts';

/** Returns the entire content of a service's store as text. */
type Dump = (service: TestProcess) => Promise<string>;

const dumpFiles: Dump = async ({ folder }) =>
  readdirSync(join(folder, '.data'))
    .map((file) => readFileSync(join(folder, '.data', file), 'latin1'))
    .join('\n');

const project = `demo-secrets-${process.pid}`;

const dumpEmulator: Dump = async () => {
  const host = inject('emulatorHost') as string;
  const firestore = new Firestore({ projectId: project, host, ssl: false });
  const collections = await firestore.listCollections();
  const snapshots = await Promise.all(collections.map((collection) => collection.get()));
  const documents = snapshots.flatMap(({ docs }) =>
    docs.map((document) => ({ id: document.id, ...document.data() })),
  );
  await firestore.terminate();
  return JSON.stringify(documents);
};

/** Returns the encodings in which a secret might appear. */
function encodingsOf(secret: string | Buffer): string[] {
  const bytes = Buffer.from(secret as string);
  return [
    bytes.toString('latin1'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

describe('secrets in logs and stores', () => {
  let service: TestProcess | undefined;
  afterEach(() => service?.signal('SIGKILL'));

  /** Sends requests of every kind. Returns all keys and tokens that were sent or received. */
  async function fullRun(url: string) {
    const keys: string[] = [];
    const tokens: string[] = [];
    for (let owner = 0; owner < 5; owner++) {
      const token = tokenFor(`owner-of-the-run-${owner}`, { tier: 'starter' });
      tokens.push(token);
      for (const name of [
        'name-of-the-run-1',
        'name-of-the-run-2',
        'name-of-the-run-3',
        'name-of-the-run-1',
      ]) {
        const { body } = await requestKey(url, { api_key_name: name }, { token });
        if (typeof body['api_key'] === 'string') keys.push(body['api_key']);
      }
      await requestKey(url, { api_key_name: 5, api_key: keys.at(-1) }, { token });
      await getUser(url, { token });
      await getUsage(url, { token });
      await getDailyUsage(
        url,
        { start_date: keys.at(-1), api_key_names: [keys.at(-1), 'name-of-the-run-1'] },
        { token },
      );
      for (const change of [rotateKey, deleteKey]) {
        await change(url, { api_key_name: 'name-of-the-run-3', api_key: keys.at(-1) }, { token });
        await change(url, { api_key_name: 'name-of-the-run-1', api_key: keys.at(-1) }, { token });
      }
      await requestKey(url, undefined, { token, rawBody: `{"api_key_name": "${keys.at(-1)}` });
      await requestKey(
        url,
        { api_key_name: 'abc' },
        { token: `${token}x`, headers: { 'x-api-key': keys.at(-1) as string } },
      );
      for (const key of [...keys.slice(-2), `${keys.at(-1)}x`]) {
        const path = `/api/v1/apikey/verify/${key}?key=${key}`;
        await verifyKey(url, key, {
          path,
          method: 'POST',
          body: key,
          headers: { referer: `https://x/${key}` },
        });
        await verifyKey(url, key);
      }
      await fetch(`${url}/api/v1/apikey/request/${keys.at(-1)}?token=${token}`, {
        headers: { 'x-request-id': token },
      });
    }
    return { keys, tokens };
  }

  const emulatorHost = inject('emulatorHost');

  test('neither the log nor the embedded store contains a secret', () => search({}, dumpFiles));
  test.skipIf(emulatorHost === undefined)('neither the log nor Firestore contains a secret', () =>
    search(firestoreSettings(emulatorHost as string, project), dumpEmulator),
  );

  async function search(settings: Record<string, string | undefined>, dump: Dump) {
    service = await startProcess({ ...settings, LOG_LEVEL: 'trace' });
    const { keys, tokens } = await fullRun(service.url);
    expect(keys).toHaveLength(10);
    const stored = await dump(service);
    await service.stop();
    const printed = service.output();

    expect(stored, 'the dump contains stored data').toContain('name-of-the-run-2');
    expect(printed).toContain('"requestUrl":"/api/v1/apikey/request"');
    const secrets = [
      ...keys,
      ...keys.map((key) => key.slice(8)),
      ...tokens.flatMap((token) => token.split('.').slice(1)),
      ...encodingsOf(jwtSecret),
      ...encodingsOf(processPepper),
      ...encodingsOf(Buffer.from(processPepper, 'base64')),
    ];
    for (const secret of secrets) {
      expect(printed.includes(secret), 'printed').toBe(false);
      expect(stored.includes(secret), 'stored').toBe(false);
    }
    expect(printed).not.toMatch(/owner-of-the-run|name-of-the-run/);
  }
});
