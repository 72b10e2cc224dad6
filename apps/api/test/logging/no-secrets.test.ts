import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedAnswersHeader, guardSecretHeader } from '@andamio/schema/guards';
import { operations } from '@andamio/schema/operations';
import { startRedis } from '@andamio/testing/redis';
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
import { createClient } from 'redis';
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from 'vitest';
import { sendEveryOperation } from '../harness/every-operation.ts';
import { alertOf, type Github, githubKey, sendAlerts, startGithub } from '../harness/github.ts';
import { firestoreSettings } from '../harness/stores.ts';

/** Returns the entire content of a service's store as text. */
type Dump = (service: TestProcess) => Promise<string>;

const dumpFiles: Dump = async ({ folder }) =>
  readdirSync(join(folder, '.data'))
    .map((file) => readFileSync(join(folder, '.data', file), 'latin1'))
    .join('\n');

/** Returns a function that returns the content of the store's files and of a Redis server. */
const dumpFilesAndRedis =
  (url: string): Dump =>
  async (service) => {
    const redis = await createClient({ url }).connect();
    await redis.sendCommand(['SAVE']);
    const { dir = '' } = await redis.configGet('dir');
    redis.destroy();
    const inRedis = readFileSync(join(dir, 'dump.rdb'), 'latin1');
    expect(inRedis, 'the dump contains counters and usage').toMatch(
      /address.*usage|usage.*address/s,
    );
    return `${await dumpFiles(service)}\n${inRedis}`;
  };

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

/** Returns the secrets in the response bodies of operations. Masked keys are not secret. */
function secretsOf(body: Readonly<Record<string, unknown>>): string[] {
  const { api_key, device_code, user_code } = body as Record<string, string | undefined>;
  return [
    // A secret is also searched for without its first eight characters. Those of a key are stored,
    // and those of a device code are the user code.
    ...[api_key, device_code].flatMap((secret) => (secret ? [secret, secret.slice(8)] : [])),
    ...(user_code ? [user_code, user_code.replace('-', '')] : []),
  ];
}

const guardSecret = 'secret-of-the-guard'.repeat(2);

describe('secrets in logs and stores', () => {
  const signer = githubKey();
  let github: Github;
  let service: TestProcess | undefined;
  beforeAll(async () => {
    github = await startGithub(signer);
  });
  afterEach(() => service?.signal('SIGKILL'));
  afterAll(() => github.close());

  /**
   * Sends a valid request for every operation, a repeated request, requests of a guard and of
   * GitHub, and requests for every operation with all secrets in the wrong places. Returns the
   * secrets.
   */
  async function everyOperation(url: string): Promise<string[]> {
    const token = tokenFor('owner-of-the-run', { tier: 'enterprise' });
    const sent = await sendEveryOperation(url, token);
    const secrets = sent.flatMap(({ answer }) => secretsOf(answer.body));
    const repeatable = { token, headers: { 'idempotency-key': 'secret-idempotency-key' } };
    const [issued, replayed] = [
      await requestKey(url, { api_key_name: 'name-of-the-run-1' }, repeatable),
      await requestKey(url, { api_key_name: 'name-of-the-run-1' }, repeatable),
    ];
    expect(replayed.body).toEqual(issued.body);
    const key = issued.body['api_key'] as string;
    secrets.push(key, key.slice(8), 'secret-idempotency-key');

    const guard = { [guardSecretHeader]: guardSecret, [cachedAnswersHeader]: '3' };
    expect((await verifyKey(url, key, { headers: guard })).status).toBe(200);
    const alerts = [alertOf(key), { token: [key] }, key];
    expect((await sendAlerts(url, alerts, signer)).body).toMatchObject([
      { label: 'true_positive' },
    ]);

    const misplaced = secrets.join('.');
    const fields = ['api_key_name', 'api_keys', 'device_code', 'start_date', 'user_code'];
    const body = JSON.stringify(Object.fromEntries(fields.map((name) => [name, misplaced])));
    for (const { method, path } of operations) {
      for (const authorization of [`Bearer ${token}`, `Bearer ${misplaced}`]) {
        await fetch(`${url}${path}?page_token=${misplaced}`, {
          method,
          headers: {
            authorization,
            'content-type': 'application/json',
            'idempotency-key': misplaced,
            'x-api-key': misplaced,
          },
          ...(method === 'post' && { body }),
        });
      }
    }
    return [...secrets, guardSecret, ...token.split('.').slice(1)];
  }

  /** Sends requests of several users. Returns all keys and tokens that were sent or received. */
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
      for (const id of [keys.at(-1), `request.${keys.at(-1)}_1`]) {
        await getUser(url, { token, headers: { 'x-request-id': id as string } });
      }
    }
    return { keys, tokens };
  }

  const emulatorHost = inject('emulatorHost');

  test('neither the log nor the embedded store contains a secret', () => search({}, dumpFiles));
  test.skipIf(!inject('available').includes('redis'))(
    'neither the log nor Redis contains a secret',
    async () => {
      const password = 'secret-of-redis';
      const redis = await startRedis(
        undefined,
        '--requirepass',
        password,
        '--rdbcompression',
        'no',
      );
      onTestFinished(() => redis.stop());
      const url = redis.url.replace('//', `//default:${password}@`);
      await search({ REDIS_URL: url }, dumpFilesAndRedis(url), [password]);
    },
  );
  test.skipIf(emulatorHost === undefined)('neither the log nor Firestore contains a secret', () =>
    search(firestoreSettings(emulatorHost as string, project), dumpEmulator),
  );

  async function search(
    settings: Readonly<Record<string, string | undefined>>,
    dump: Dump,
    settingsSecrets: readonly string[] = [],
  ) {
    service = await startProcess({
      ...settings,
      KEY_REPORTS: 'on',
      DEVICE_LOGIN: 'on',
      GUARD_SECRETS: guardSecret,
      GITHUB_SECRET_SCANNING_KEYS_URL: github.url,
      LOG_LEVEL: 'trace',
    });
    const found = await everyOperation(service.url);
    const { keys, tokens } = await fullRun(service.url);
    expect(keys).toHaveLength(10);
    const stored = await dump(service);
    await service.stop();
    const printed = service.output();

    expect(stored, 'the dump contains stored data').toContain('name-of-the-run-2');
    expect(printed).toContain('"requestUrl":"/api/v1/apikey/request"');
    const secrets = [
      ...settingsSecrets,
      ...found,
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
