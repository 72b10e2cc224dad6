import { mkdtempSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { endWithFile } from '@andamio/testing/end-with-file';
import { startFirestoreProxy } from '@andamio/testing/firestore-proxy';
import { freePort } from '@andamio/testing/free-port';
import { startRefusingFirestore } from '@andamio/testing/refusing-firestore';
import { processPepper, type TestProcess, untilReady } from '@andamio/testing/service-process';
import type { DigestKey } from '@andamio/verification/digest';
import { digestKeys, parseDigestKeys } from '@andamio/verification/digest-keys';
import { Firestore } from '@google-cloud/firestore';
import { MemoryStore } from 'express-rate-limit';
import { beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { FirestoreSource } from '../src/firestore/source.ts';
import type { FirestoreOptions } from '../src/index.ts';
import { expectRefusal } from './harness/expect-refusal.ts';
import { startGuarded } from './harness/guarded.ts';
import {
  bound,
  issue,
  lastGoodAfterRevocation,
  startService,
  usageStored,
} from './harness/service.ts';
import { silent, startVerifyServer, valid } from './harness/verify-server.ts';

const emulatorHost = inject('emulatorHost');
const project = `guard-${process.pid}-${Date.now()}`;

/** The service's pepper. The operator of the service derives the digest keys from it. */
const pepper = { version: 'test', secret: Buffer.from(processPepper, 'base64') };
const options = (more: Partial<FirestoreOptions> = {}): FirestoreOptions => ({
  firestore: { project },
  digestKeys: digestKeys([pepper]),
  cacheSeconds: bound,
  ...more,
});

/** Sets the emulator address in the environment, from which Google's client library reads it. */
function useDatabase(host: string): void {
  const before = process.env['FIRESTORE_EMULATOR_HOST'];
  process.env['FIRESTORE_EMULATOR_HOST'] = host;
  onTestFinished(() => {
    if (before === undefined) delete process.env['FIRESTORE_EMULATOR_HOST'];
    else process.env['FIRESTORE_EMULATOR_HOST'] = before;
  });
}

describe.skipIf(emulatorHost === undefined)('a guard on Firestore', () => {
  let service: TestProcess;
  let firestore: Firestore;

  beforeAll(async () => {
    process.env['FIRESTORE_EMULATOR_HOST'] = emulatorHost;
    service = await startService({
      KEY_STORE: 'firestore',
      GOOGLE_CLOUD_PROJECT: project,
      FIRESTORE_EMULATOR_HOST: emulatorHost as string,
    });
    await untilReady(service);
    firestore = new Firestore({ projectId: project });
    endWithFile(() => firestore.terminate());
  });

  const documentOf = async (userId: string) => {
    const { docs } = await firestore.collection('keys').where('user_id', '==', userId).get();
    return (docs[0] as (typeof docs)[0]).ref;
  };

  test('accepts a key issued by the service, without calling the service', async () => {
    const { get, errors } = await startGuarded(options());
    const { userId, key, expiresAt } = await issue(service);
    for (let sent = 0; sent < 3; sent++) {
      expect(await get(key)).toMatchObject({
        status: 200,
        body: {
          userId,
          name: 'MyFirstKey',
          tier: 'enterprise',
          expiresAt: new Date(expiresAt).toISOString(),
        },
      });
    }
    expect(errors).toEqual([]);
  });

  test('accepts a key under any of the peppers', async () => {
    const newer = { version: 'new', secret: Buffer.alloc(32, 'a newer pepper') };
    const { get } = await startGuarded(options({ digestKeys: digestKeys([newer, pepper]) }));
    expect((await get((await issue(service)).key)).status).toBe(200);
  });

  test('refuses missing, malformed, unknown, suspended and expired keys with 401', async () => {
    const { get, errors } = await startGuarded(options());
    const suspended = await issue(service);
    await (await documentOf(suspended.userId)).update({ suspended: true });
    const expired = await issue(service);
    await (await documentOf(expired.userId)).update({ expires_at: new Date(0) });
    for (const wrong of [undefined, 'none', makeKey(), suspended.key, expired.key]) {
      expectRefusal(await get(wrong), 'invalid_key');
    }
    expect(errors).toEqual([]);
  });

  test('refuses a deleted key within the cache time under continuous requests', async () => {
    const { get } = await startGuarded(options());
    const { key, revoke } = await issue(service);
    expect((await get(key)).status).toBe(200);
    expect(await lastGoodAfterRevocation(() => get(key), revoke)).toBeLessThan(bound * 1000);
  });

  test('makes one read-only call to Firestore for several requests with a key', async () => {
    const proxy = await startFirestoreProxy(emulatorHost as string);
    useDatabase(proxy.host);
    const { get } = await startGuarded(options());
    const { userId, key } = await issue(service);
    const updatedAt = async () => (await (await documentOf(userId)).get()).updateTime;
    const before = await updatedAt();
    for (let sent = 0; sent < 3; sent++) expect((await get(key)).status).toBe(200);
    expect(proxy.calls()).toBe(1);
    expect(await updatedAt()).toEqual(before);
  });

  test('looks up concurrent keys with one call, under several peppers', async () => {
    const proxy = await startFirestoreProxy(emulatorHost as string);
    useDatabase(proxy.host);
    const newer = { version: 'new', secret: Buffer.alloc(32, 'a newer pepper') };
    const source = new FirestoreSource({
      address: { project, database: '(default)' },
      digestKeys: parseDigestKeys(digestKeys([newer, pepper])) as readonly [DigestKey],
      maximumAge: 10_000,
      timeout: 10_000,
      onError: () => {},
    });
    onTestFinished(() => source.close());
    const { key } = await issue(service);
    await source.ask(makeKey()); // Opens the Firestore client.
    const before = proxy.calls();
    const answers = await Promise.all(
      [key, ...Array.from({ length: 30 }, () => makeKey())].map((one) => source.ask(one)),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(['valid', ...Array(30).fill('refused')]);
    expect(proxy.calls() - before).toBe(1);
  });

  test('looks up at most 60 unknown keys per client and minute, and still accepts known keys', async () => {
    const proxy = await startFirestoreProxy(emulatorHost as string);
    useDatabase(proxy.host);
    const { get } = await startGuarded(options());
    const { key } = await issue(service);
    expect((await get(key)).status).toBe(200);
    for (let sent = 0; sent < 60; sent++) expectRefusal(await get(makeKey()), 'invalid_key');
    const before = proxy.calls();
    const over = await get(makeKey());
    expectRefusal(over, 'rate_limited');
    expect(over.headers.get('retry-after')).toMatch(/^([1-9]|[1-5]\d|60)$/);
    expect(proxy.calls()).toBe(before);
    expect((await get(key)).status).toBe(200);
  });

  describe('limits a minute', () => {
    test("applies the tier's limit per minute in each process", async () => {
      const { get } = await startGuarded(options());
      const { key } = await issue(service, 'pioneer');
      for (let sent = 0; sent < 20; sent++) expect((await get(key)).status).toBe(200);
      const answer = await get(key);
      expectRefusal(answer, 'rate_limited');
      expect(answer.headers.get('retry-after')).toMatch(/^([1-9]|[1-5]\d|60)$/);
      expect(answer.headers.get('x-ratelimit-limit')).toBe('20');
    });

    test('applies the limit per minute across guards that share a store', async () => {
      const rateLimitStore = new MemoryStore();
      onTestFinished(() => rateLimitStore.shutdown());
      const guards = [
        await startGuarded(options({ rateLimitStore })),
        await startGuarded(options({ rateLimitStore })),
      ];
      const { key } = await issue(service, 'pioneer');
      const statuses: number[] = [];
      for (let sent = 0; sent < 24; sent++) {
        statuses.push((await (guards[sent % 2] as (typeof guards)[0]).get(key)).status);
      }
      expect(statuses).toEqual([...Array(20).fill(200), ...Array(4).fill(429)]);
    });

    test('applies the limit per minute in each process while the shared store fails', async () => {
      const rateLimitStore = { increment: () => Promise.reject(new Error('removed')) };
      const { get, errors } = await startGuarded(options({ rateLimitStore }));
      const { key } = await issue(service, 'pioneer');
      for (let sent = 0; sent < 20; sent++) expect((await get(key)).status).toBe(200);
      expectRefusal(await get(key), 'rate_limited');
      expect(errors[0]?.message).toContain('The rate limit store failed');
    });
  });

  describe('usage', () => {
    test('reports usage to the service on close()', async () => {
      const { get, guard } = await startGuarded(options({ verify: service.url }));
      const { key, usedToday } = await issue(service);
      const sent = 50;
      for (let index = 0; index < sent; index++) expect((await get(key)).status).toBe(200);
      await guard.close();
      await expect.poll(usedToday, usageStored).toBe(sent);
    });

    test('reports usage in the background while the key is in use', async () => {
      const verify = await startVerifyServer();
      verify.next(valid());
      const { get } = await startGuarded(options({ verify: verify.url }));
      const { key } = await issue(service);
      for (let sent = 0; sent < 5; sent++) await get(key);
      const first = async () => {
        await get(key);
        return verify.received[0]?.headers['x-cached-answers'];
      };
      await expect.poll(first, { timeout: 30_000 }).toMatch(/^\d+$/);
    });

    test('delays no request when usage cannot be reported', async () => {
      const verify = await startVerifyServer();
      verify.next(silent);
      const { get, guard } = await startGuarded(options({ verify: verify.url, timeoutMs: 500 }));
      const { key } = await issue(service);
      for (let sent = 0; sent < 5; sent++) expect((await get(key)).status).toBe(200);
      await guard.close();
      expect(verify.received.length).toBeGreaterThan(0);
    });
  });

  describe('503', () => {
    test('answers 503 in bounded time if Firestore does not respond', async () => {
      const port = await freePort();
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket)).listen(port, '127.0.0.1');
      onTestFinished(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
      });
      useDatabase(`127.0.0.1:${port}`);
      const { get, errors } = await startGuarded(options({ timeoutMs: 300 }));
      const startedAt = performance.now();
      expectRefusal(await get(makeKey()), 'verification_unavailable');
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(errors).toHaveLength(1);
    });

    test('answers 503 without Google credentials and reports how to provide them', async () => {
      vi.stubEnv('FIRESTORE_EMULATOR_HOST', undefined);
      vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
      vi.stubEnv('HOME', mkdtempSync(join(tmpdir(), 'home-')));
      onTestFinished(() => void vi.unstubAllEnvs());
      const { get, errors } = await startGuarded(options());
      expectRefusal(await get(makeKey()), 'verification_unavailable');
      expect(errors.map(({ message }) => message)).toEqual([
        expect.stringMatching(
          /credentials could not be obtained.*gcloud auth application-default login/,
        ),
      ]);
    });

    test('answers 503 if a required client certificate is missing', async () => {
      vi.stubEnv('GOOGLE_API_USE_CLIENT_CERTIFICATE', 'true');
      vi.stubEnv('HOME', mkdtempSync(join(tmpdir(), 'home-')));
      onTestFinished(() => void vi.unstubAllEnvs());
      const { get, errors } = await startGuarded(options());
      for (let sent = 0; sent < 2; sent++)
        expectRefusal(await get(makeKey()), 'verification_unavailable');
      expect(errors.map(({ message }) => message)).toEqual(
        Array(2).fill(
          expect.stringMatching(/could not be set up.*GOOGLE_API_USE_CLIENT_CERTIFICATE/),
        ),
      );
    });

    test('answers 503 at once if Firestore rejects the guard, and reports the missing role', async () => {
      useDatabase((await startRefusingFirestore(7, 'Missing or insufficient permissions.')).host);
      const { get, errors } = await startGuarded(options({ timeoutMs: 10_000 }));
      const startedAt = performance.now();
      expectRefusal(await get(makeKey()), 'verification_unavailable');
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(errors.map(({ message }) => message)).toEqual([
        expect.stringMatching(/PERMISSION_DENIED.*roles\/datastore\.viewer/),
      ]);
    });

    test('answers 503 for an invalid document and reports its name', async () => {
      const { get, errors } = await startGuarded(options());
      const { userId, key } = await issue(service);
      const document = await documentOf(userId);
      await document.update({ tier: 'gold' });
      expectRefusal(await get(key), 'verification_unavailable');
      expect(errors.map(({ message }) => message)).toEqual([
        `The stored document keys/${document.id} does not match its schema. Invalid fields: tier.`,
      ]);
      expect(errors[0]?.message).not.toContain(key.slice(8));
    });
  });
});
