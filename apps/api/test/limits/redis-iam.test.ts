import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logEvents } from '@andamio/schema/log-events';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import { freePort } from '@andamio/testing/free-port';
import { startRedis } from '@andamio/testing/redis';
import { waitFor } from '@andamio/testing/wait-for';
import { createClient } from 'redis';
import { beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { connectCounters } from '../../src/counters/redis-counters.ts';
import { defaultRedisTimes } from '../../src/counters/redis-link.ts';
import { createLog } from '../../src/log.ts';
import { type Certificates, makeCertificates } from '../harness/certificates.ts';
import { type MetadataMode, startMetadataServer } from '../harness/metadata-server.ts';

/** Returns a PATH with a version of the program that takes a minute to exit. */
function pathWithSlow(program: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  writeFileSync(join(folder, program), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  return `${folder}:${process.env['PATH']}`;
}

describe.skipIf(!inject('available').includes('redis'))('REDIS_AUTH=google-iam', () => {
  let certificates: Certificates;
  let otherCa: string;
  beforeAll(() => {
    certificates = makeCertificates();
    otherCa = makeCertificates().ca;
  });

  /**
   * Starts a Redis that behaves like Memorystore with IAM authentication: it requires TLS and
   * accepts a token as the password.
   */
  async function startMemorystore(token: string, certificates: Certificates) {
    const tlsPort = await freePort();
    const redis = await startRedis(
      undefined,
      ...['--tls-port', `${tlsPort}`, '--tls-cert-file', certificates.certificate],
      ...['--tls-key-file', certificates.key, '--tls-ca-cert-file', certificates.certificate],
      ...['--tls-auth-clients', 'no', '--user', 'default', 'off'],
      ...['--user', 'admin', 'on', '>admin', '~*', '&*', '+@all'],
    );
    onTestFinished(() => redis.stop());
    const admin = await createClient({
      url: redis.url,
      username: 'admin',
      password: 'admin',
    }).connect();
    onTestFinished(() => admin.destroy());
    /** Sets the only accepted token. Open connections are not affected. */
    const accept = (accepted: string) =>
      admin.sendCommand([
        'ACL',
        'SETUSER',
        'default',
        'on',
        'resetpass',
        `>${accepted}`,
        '~*',
        '&*',
        '+@all',
      ]);
    /**
     * Closes all of the user's connections. Memorystore does this some time after a token has
     * expired.
     */
    const cut = () => admin.sendCommand(['CLIENT', 'KILL', 'USER', 'default']);
    const authentications = async () =>
      Number(
        /cmdstat_auth:calls=(\d+)/.exec(
          (await admin.sendCommand(['INFO', 'commandstats'])) as string,
        )?.[1] ?? 0,
      );
    await accept(token);
    return { admin, accept, cut, authentications, url: `rediss://127.0.0.1:${tlsPort}` };
  }

  async function start(
    mode: MetadataMode = 'answers',
    ca = `${otherCa}\n${certificates.ca}`,
    server = certificates,
    host = '127.0.0.1',
  ) {
    const metadata = await startMetadataServer({ mode, expiresIn: 60 }); // Short enough to be renewed on each use.
    vi.stubEnv('GCE_METADATA_HOST', metadata.host);
    // Without a project in the environment, the library would run gcloud to find one.
    vi.stubEnv('GOOGLE_CLOUD_PROJECT', undefined);
    vi.stubEnv('PATH', pathWithSlow('gcloud'));
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined);
    vi.stubEnv('HOME', '/nonexistent');
    onTestFinished(() => void vi.unstubAllEnvs());
    const memorystore = await startMemorystore(metadata.token, server);
    const lines: { readonly message: string; readonly err?: { readonly message: string } }[] = [];
    const log = createLog({
      level: 'trace',
      project: undefined,
      destination: { write: (line) => void lines.push(JSON.parse(line)) },
    });
    const shared = connectCounters(
      { url: memorystore.url.replace('127.0.0.1', host), ca, auth: 'google-iam' },
      log,
      systemClock,
      {
        ...defaultRedisTimes,
        connect: mode === 'answers' ? defaultRedisTimes.connect : 1_000,
        longestPause: 300,
        renewal: 20,
      },
    );
    onTestFinished(() => shared.close());
    const counters = shared.createCounters('address', rateLimitWindow);
    const count = async (key: string) => (await counters.increment(key)).totalHits;
    const countedInRedis = () =>
      waitFor('a counter in Redis', async () => {
        const key = crypto.randomUUID();
        await count(key);
        return (await memorystore.admin.exists(`limit:address:${key}`)) === 1;
      });
    return {
      ...memorystore,
      metadata,
      lines,
      count,
      countedInRedis,
      messages: () => lines.map(({ message }) => message),
    };
  }

  test('authenticates to Redis with an access token over TLS, with several CAs in REDIS_CA', async () => {
    const { countedInRedis, messages } = await start();
    await countedInRedis();
    expect(messages()).toEqual([]);
  });

  test('accepts any certificate that REDIS_CA signed when the host is an IP address', async () => {
    const elsewhere = makeCertificates('IP:192.0.2.1');
    const { countedInRedis, messages } = await start('answers', elsewhere.ca, elsewhere);
    await countedInRedis();
    expect(messages()).toEqual([]);
  });

  test.each([
    ['by another CA', '127.0.0.1', 'IP:127.0.0.1', false],
    ['for another host name', 'localhost', 'DNS:elsewhere.example', true],
  ])('rejects a certificate of Redis %s', async (_, host, names, isItsCa) => {
    const server = makeCertificates(names);
    const { count, lines } = await start('answers', isItsCa ? server.ca : otherCa, server, host);
    expect(await count('client')).toBe(1);
    await waitFor('the log line', () => lines.length > 0);
    expect(lines[0]?.message).toBe(logEvents.redisUnavailable.message);
    expect(lines[0]?.err?.message).toMatch(/certificate/i);
  });

  test('authenticates an open connection to Redis with each new token', async () => {
    const { accept, metadata, countedInRedis, messages, admin } = await start();
    await countedInRedis();
    const id = async () =>
      /id=(\d+) [^\n]*user=default/.exec(
        (await admin.sendCommand(['CLIENT', 'LIST'])) as string,
      )?.[1];
    const before = await id();
    for (const token of ['token-2', 'token-3']) {
      await accept(token);
      metadata.token = token;
      const asked = metadata.tokenRequests();
      await waitFor('a request for the new token', () => metadata.tokenRequests() > asked + 1);
    }
    await waitFor('the connection to authenticate with it', async () =>
      /cmdstat_auth:calls=\d+.*rejected_calls=0,failed_calls=0/.test(
        (await admin.sendCommand(['INFO', 'commandstats'])) as string,
      ),
    );
    await countedInRedis();
    expect(await id()).toBe(before);
    expect(messages()).toEqual([]);
  });

  test('reconnects with the newest token after Redis closes connections', async () => {
    const { accept, cut, metadata, countedInRedis, messages } = await start();
    await countedInRedis();
    metadata.token = 'token-2';
    await accept('token-2');
    await cut();
    await countedInRedis();
    expect(
      messages().filter((message) => message === logEvents.redisRecovered.message).length,
    ).toBeLessThanOrEqual(1);
  });

  test.each(['hangs', 'fails'] as const)(
    'counts in memory while the metadata server %s',
    async (mode) => {
      const { count, lines, metadata, countedInRedis, messages } = await start(mode);
      await waitFor('the line', () => lines.length > 0);
      expect(await count('client')).toBe(1);
      expect(await count('client')).toBe(2);
      metadata.mode = 'answers';
      await countedInRedis();
      expect(messages()).toEqual([
        logEvents.redisUnavailable.message,
        logEvents.redisRecovered.message,
      ]);
      expect(JSON.stringify(lines)).not.toContain('token-1');
    },
  );

  test('counts in memory while Redis rejects the token, and logs no token', async () => {
    const { accept, cut, count, lines, countedInRedis } = await start();
    await countedInRedis();
    await accept('another');
    await cut();
    await waitFor('the line', () => lines.length > 0);
    expect(await count('client')).toBe(1);
    expect(JSON.stringify(lines)).not.toContain('token-1');
  });

  test('counts in memory while the certificate of Redis is by another CA', async () => {
    const { count, lines } = await start('answers', otherCa);
    await waitFor('the line', () => lines.length > 0);
    expect(lines[0]?.err?.message).toMatch(/certificate|CERT/);
    expect(await count('client')).toBe(1);
  });
});
