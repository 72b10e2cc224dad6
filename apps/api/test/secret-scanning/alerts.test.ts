import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { StoreUnavailableError } from '@andamio/keys/store';
import { makeKey } from '@andamio/schema/key-format';
import { logEvents } from '@andamio/schema/log-events';
import { rateLimitHeaders } from '@andamio/schema/rate-limits';
import { getUser, requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startApp, type TestApp, type TestAppOptions, testPepper } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import {
  alertOf,
  alertsPath,
  type Github,
  githubKey,
  sendAlerts,
  sendBytes,
  signatureHeadersOf,
  startGithub,
} from '../harness/github.ts';
import { sendRaw } from '../harness/raw-socket.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';
import { storeWithOneRevocation } from '../harness/store-with-one-revocation.ts';
import { fileStore, memoryStore } from '../harness/stores.ts';

const signer = githubKey();

function mistyped(key: string): string {
  return key.slice(0, 20) + (key[20] === 'a' ? 'b' : 'a') + key.slice(21);
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

describe('alerts of GitHub', () => {
  let github: Github;
  let app: TestApp;
  beforeEach(async () => {
    github = await startGithub(signer);
    app = await startApp({ githubKeysUrl: github.url });
  });
  afterEach(async () => {
    await app.close();
    await github.close();
  });

  async function issue(sub = 'owner', name = 'name', url = app.url): Promise<string> {
    const { body } = await requestKey(url, { api_key_name: name }, { token: tokenFor(sub) });
    return body['api_key'] as string;
  }

  async function namesOf(sub: string, url = app.url): Promise<string[]> {
    const { body } = await getUser(url, { token: tokenFor(sub) });
    return (body['active_keys'] as { name: string }[]).map(({ name }) => name);
  }

  const report = (...tokens: string[]) =>
    sendAlerts(
      app.url,
      tokens.map((token) => alertOf(token)),
      signer,
    );

  test('an alert revokes the leaked key and no other before the response', async () => {
    const [leaked] = [
      await issue('owner', 'leaked'),
      await issue('owner', 'kept'),
      await issue('other', 'leaked'),
    ];
    const { status, body, headers } = await report(leaked);
    expect(await namesOf('owner')).toEqual(['kept']);
    expect(await namesOf('other')).toEqual(['leaked']);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual([
      { token_hash: hashOf(leaked), token_type: 'andamio_api_key', label: 'true_positive' },
    ]);
  });

  test('the response labels each token as true or false positive without repeating it', async () => {
    const [one, other] = [await issue('a'), await issue('b')];
    const tokens = [mistyped(one), one, makeKey(), '', 'not a key \ud800', other, one];
    const { body } = await report(...tokens);
    expect(body).toEqual(
      tokens.map((token) => ({
        token_hash: hashOf(token),
        token_type: 'andamio_api_key',
        label: token === one || token === other ? 'true_positive' : 'false_positive',
      })),
    );
    expect(JSON.stringify(body)).not.toContain('ant-');
    expect([await namesOf('a'), await namesOf('b')]).toEqual([[], []]);
  });

  test('the audit log has an entry for a key that GitHub reports', async () => {
    const { store, read } = fileStore();
    const audited = await startApp({ store, githubKeysUrl: github.url });
    const leaked = await issue('owner', 'leaked', audited.url);
    await sendAlerts(audited.url, [alertOf(leaked), alertOf(makeKey())], signer);
    const { audit = [] } = await read();
    await audited.close();
    expect(audit.map(({ action }) => action)).toEqual(['key.issued', 'key.revoked']);
    expect(audit[1]).toMatchObject({ actor_kind: 'github', user_id: 'owner', name: 'leaked' });
  });

  test('a reported key is refused at once, even if it is cached', async () => {
    const leaked = await issue();
    const verify = async () =>
      (await fetch(`${app.url}/api/v1/apikey/verify`, { headers: { 'x-api-key': leaked } })).status;
    expect(await verify()).toBe(200);
    await report(leaked);
    expect(await verify()).toBe(401);
  });

  test('a repeated alert gets the same response and has no further effect', async () => {
    const leaked = await issue();
    await report(leaked);
    const again = await report(leaked);
    expect(again.status).toBe(200);
    expect(again.body, 'the same label').toMatchObject([{ label: 'true_positive' }]);
    expect(app.logged.filter((line) => line.includes('they are revoked'))).toHaveLength(1);
  });

  test.each<[string, Record<string, unknown>]>([
    ['a null address', { url: null }],
    ['an address that is an object', { url: {} }],
    ['no type', { type: undefined }],
    ['a type that is a number', { type: 5 }],
    ['a source that is a list', { source: [] }],
    ['unknown fields', { since: { a: 1 } }],
  ])('an alert with %s revokes the key', async (_what, odd) => {
    const leaked = await issue();
    const { status, body } = await sendAlerts(app.url, [alertOf(leaked, odd)], signer);
    expect(status).toBe(200);
    expect(body).toMatchObject([{ token_hash: hashOf(leaked), label: 'true_positive' }]);
    expect(await namesOf('owner')).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'x'],
    ['a number', 5],
    ['a list', []],
    ['an object without a token', { type: 'y' }],
    ['a token that is a number', alertOf('x', { token: 5 })],
    ['a token that is null', alertOf('x', { token: null })],
  ])('a message revokes the other keys if one alert is %s', async (_what, odd) => {
    const leaked = await issue();
    const { status, body } = await sendAlerts(app.url, [odd, alertOf(leaked), odd], signer);
    expect(status).toBe(200);
    expect(body).toEqual([
      { token_hash: hashOf(leaked), token_type: 'andamio_api_key', label: 'true_positive' },
    ]);
    expect(await namesOf('owner')).toEqual([]);
    expect(app.logged.some((line) => line.includes('"unreadable":2'))).toBe(true);
  });

  test('a message revokes the other keys if one token is not UTF-8', async () => {
    const leaked = await issue();
    const [head = '', tail = ''] = JSON.stringify([alertOf('@'), alertOf(leaked)]).split('@');
    const body = new Uint8Array(
      Buffer.concat([Buffer.from(head), Buffer.of(0xff), Buffer.from(tail)]),
    );
    const { status } = await sendBytes(app.url, body, signatureHeadersOf(body, signer));
    expect(status).toBe(200);
    expect(await namesOf('owner')).toEqual([]);
  });

  test('an alert revokes a key under an older pepper', async () => {
    const { store } = memoryStore();
    const before = await startApp({ store });
    const leaked = await issue('owner', 'old', before.url);
    const peppers = [{ version: 'new', secret: Buffer.alloc(32, 'another') }, testPepper] as const;
    const after = await startApp({ store, peppers, githubKeysUrl: github.url });
    try {
      const { body } = await sendAlerts(after.url, [alertOf(leaked)], signer);
      expect(body).toMatchObject([{ label: 'true_positive' }]);
      expect(await namesOf('owner', after.url)).toEqual([]);
    } finally {
      await before.close();
      await after.close();
    }
  });

  test('a message with a thousand alerts revokes all reported keys', async () => {
    const keys = await Promise.all(
      Array.from({ length: 40 }, (_, index) => issue(`owner ${index}`)),
    );
    const tokens = Array.from({ length: 1_000 }, (_, index) => keys[index] ?? makeKey());
    const { status, body } = await report(...tokens);
    expect(status).toBe(200);
    const labels = (body as unknown as { label: string }[]).map(({ label }) => label);
    expect(labels.filter((label) => label === 'true_positive')).toHaveLength(40);
    expect(labels.slice(0, 40)).not.toContain('false_positive');
    for (let index = 0; index < 40; index++) expect(await namesOf(`owner ${index}`)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['no alerts', []],
    ['an alert without an address', [{ token: 'x', type: 'y' }]],
    ['an alert with an empty address', [alertOf('x', { url: '' })]],
  ])('accepts a message with %s', async (_what, message) => {
    expect((await sendAlerts(app.url, message, signer)).status).toBe(200);
  });

  describe('invalid messages', () => {
    test.each<[string, unknown]>([
      ['an object', alertOf('x')],
      ['null', null],
      ['a string', '[]'],
      ['a number', 5],
    ])('responds with 400 to a signed message that is %s', async (_what, message) => {
      expectError(await sendAlerts(app.url, message, signer), 400, 'invalid_body');
    });

    const sendSigned = (
      body: string | Uint8Array<ArrayBuffer>,
      headers: Record<string, string> = {},
    ) => sendBytes(app.url, body, { ...signatureHeadersOf(body, signer), ...headers });

    test.each<[string, string | Uint8Array<ArrayBuffer>]>([
      ['empty', ''],
      ['truncated', '[{"token":'],
      ['followed by other text', '[] []'],
    ])('responds with 400 to a signed message that is %s', async (_what, body) => {
      expectError(await sendSigned(body), 400, 'invalid_body');
    });

    test('responds with 400 to a signed message with another content type', async () => {
      expectError(await sendSigned('[]', { 'content-type': 'text/plain' }), 400, 'invalid_body');
    });

    test('responds with 400 to a compressed message, whether its content or its bytes are signed', async () => {
      const compressed = new Uint8Array(gzipSync('[]'));
      for (const signed of ['[]', compressed]) {
        const headers = { 'content-encoding': 'gzip', ...signatureHeadersOf(signed, signer) };
        expectError(await sendBytes(app.url, compressed, headers), 400, 'invalid_body');
      }
    });

    test('responds with 400 to a signed message without a body', async () => {
      const headers = Object.entries(signatureHeadersOf('', signer)).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      const head = `POST ${alertsPath} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
      const { text } = await sendRaw(
        app.port,
        `${head}${headers.join('')}Connection: close\r\n\r\n`,
      );
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toMatch(/\r\nX-Error-Code: invalid_body\r\n/);
    });

    test('accepts messages of up to 1 MiB', async () => {
      const full = `[${'{"token":"x"},'.repeat(10_000)}{"token":"x"}]`;
      const padded = full.padEnd(1024 * 1024, ' ');
      expect((await sendSigned(padded)).status).toBe(200);
      expectError(await sendSigned(`${padded} `), 400, 'body_too_large');
    });
  });

  test('responds with 500 to an alert while the store is down, so that GitHub repeats it', async () => {
    const store = storeThatThrows(new StoreUnavailableError('removed'));
    const down = await startApp({ store, githubKeysUrl: github.url });
    const answer = await sendAlerts(down.url, [alertOf(makeKey())], signer).finally(() =>
      down.close(),
    );
    expectError(answer, 500, 'store_unavailable');
  });

  test('an alert that revokes only some of its keys logs how many, and logs the others when it is repeated', async () => {
    const failing = await startApp({ store: storeWithOneRevocation(), githubKeysUrl: github.url });
    onTestFinished(() => failing.close());
    const leaked = await Promise.all(['one', 'two'].map((sub) => issue(sub, 'name', failing.url)));
    const alerts = leaked.map((key) => alertOf(key));
    const revoked = () =>
      failing.logged
        .map((line) => JSON.parse(line))
        .filter(({ event }) => event === logEvents.leakedKeysRevoked.event)
        .map(({ keys }) => keys);
    expectError(await sendAlerts(failing.url, alerts, signer), 500, 'store_unavailable');
    expect(revoked()).toEqual([1]);
    expect((await sendAlerts(failing.url, alerts, signer)).status).toBe(200);
    expect(revoked()).toEqual([1, 1]);
  });

  test('no log line contains a reported token', async () => {
    const leaked = await issue();
    const unknown = makeKey();
    await sendAlerts(app.url, [alertOf(leaked), alertOf(unknown)], signer);
    await sendAlerts(app.url, [alertOf(leaked, { type: 5 })], signer);
    await sendAlerts(app.url, { token: leaked }, signer);
    await sendAlerts(app.url, [alertOf(leaked)], githubKey());
    await fetch(`${app.url}${alertsPath}?token=${leaked}`, { method: 'POST', body: leaked });
    const printed = app.logged.join('\n');
    expect(printed).toContain(`"requestUrl":"${alertsPath}"`);
    expect(printed).toContain(logEvents.leakedKeysRevoked.event);
    for (const token of [leaked, unknown]) expect(printed.includes(token.slice(8))).toBe(false);
    expect(printed).not.toContain('octocat');
  });
});

describe('endpoint for alerts', () => {
  async function withApp<Result>(
    options: TestAppOptions,
    use: (app: TestApp) => Promise<Result>,
  ): Promise<Result> {
    const app = await startApp(options);
    return use(app).finally(() => app.close());
  }

  async function ask(url: string, method: string) {
    const response = await fetch(`${url}${alertsPath}`, { method });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  test('the path of the alerts responds with 404 without GITHUB_SECRET_SCANNING_KEYS_URL', () =>
    withApp({}, async ({ url }) => {
      for (const method of ['GET', 'POST', 'PUT'])
        expectError(await ask(url, method), 404, 'not_found');
      expectError(await sendAlerts(url, [], signer), 404, 'not_found');
    }));

  test('the path of the alerts accepts POST only', () =>
    withApp({ githubKeysUrl: 'http://127.0.0.1:9/keys' }, async ({ url }) => {
      for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
        const answer = await ask(url, method);
        expectError(answer, 405, 'method_not_allowed');
        expect(answer.headers.get('allow')).toBe('POST');
      }
    }));

  test('only messages with an invalid signature count against the address limit and show it', async () => {
    const github = await startGithub(signer);
    await withApp(
      { githubKeysUrl: github.url, monotonicNow: () => 0, settings: { ipRateLimitPerMinute: 3 } },
      async ({ url }) => {
        for (let sent = 0; sent < 10; sent++) {
          const { status, headers } = await sendAlerts(url, [], signer);
          expect(status).toBe(200);
          expect(rateLimitHeaders.filter((name) => headers.has(name))).toEqual([]);
        }
        const stranger = githubKey();
        for (let sent = 0; sent < 3; sent++)
          expect((await sendAlerts(url, [], stranger)).status).toBe(401);
        expectError(await sendAlerts(url, [], signer), 429, 'rate_limited');
      },
    ).finally(() => github.close());
  });
});
