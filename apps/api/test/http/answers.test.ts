import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { suspend } from '@andamio/keys/suspend';
import { makeKey } from '@andamio/schema/key-format';
import { maximumReportedKeys, operations, reportApiKeys } from '@andamio/schema/operations';
import {
  approvePath,
  dailyUsagePath,
  deletePath,
  devicePath,
  deviceTokenPath,
  requestPath,
  rollPath,
  rotatePath,
  usagePath,
  userPath,
  verifyPath,
} from '@andamio/testing/service-requests';
import { command } from '@andamio/testing/store/commands';
import { type Operations, withOperations } from '@andamio/testing/store/operations';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import type { TestAppOptions } from '../harness/app.ts';
import {
  alertOf,
  alertsPath,
  githubKey,
  signatureHeadersOf,
  startGithub,
} from '../harness/github.ts';
import { storeThatThrows } from '../harness/store-that-throws.ts';
import { type RawRequest, startTranscript, transcriptTime } from '../harness/transcript.ts';

// Records every kind of response, with its log line and the rate limits that it consumed. Clients
// can observe every difference in the files under `answers`, so these files change only with the
// contract.

type Headers = [string, string][];

const documentPath = '/api/v1/docs/doc.json';
const origin = 'https://console.example.com';
const json: Headers = [['Content-Type', 'application/json']];

function bearer(sub: string, claims: Record<string, unknown> = {}): Headers {
  const token = tokenFor(sub, { iat: transcriptTime, exp: transcriptTime + 3600, ...claims });
  return [['Authorization', `Bearer ${token}`]];
}

/** Returns a request with a token and a JSON body. */
function call(target: string, body: unknown, headers: Headers = bearer('user')): RawRequest {
  return { method: 'POST', target, headers: [...json, ...headers], body: JSON.stringify(body) };
}

const named = (name: string, more: Record<string, unknown> = {}) => ({
  api_key_name: name,
  ...more,
});
const withKey = (key: string, headers: Headers = []): RawRequest => ({
  target: verifyPath,
  headers: [['X-API-Key', key], ...headers],
});

/** The transcripts that tests have compared with the recorded ones so far. */
const compared: string[] = [];

async function start(options: TestAppOptions = {}) {
  const transcript = await startTranscript(options);
  onTestFinished(() => transcript.app.close());
  return {
    ...transcript,
    /** Issues a key without recording the request in the transcript. */
    async issue(
      sub: string,
      name: string,
      more: Record<string, unknown> = {},
      claims: Record<string, unknown> = {},
    ) {
      const { body } = await transcript.send(
        call(requestPath, named(name, more), bearer(sub, claims)),
      );
      return JSON.parse(body.toString())['api_key'] as string;
    },
    compare(name: string) {
      compared.push(transcript.text());
      return expect(transcript.text()).toMatchFileSnapshot(`answers/${name}.txt`);
    },
  };
}

type BearerCall = readonly [what: string, request: (headers: Headers) => RawRequest];

/** Requests in an order in which each of them succeeds. */
const orderedCalls: readonly BearerCall[] = [
  ['request', (headers) => call(requestPath, named('MyFirstKey', { expires_in_days: 1 }), headers)],
  ['rotate', (headers) => call(rotatePath, named('MyFirstKey', { expires_in_days: 1 }), headers)],
  ['roll', (headers) => call(rollPath, named('MyFirstKey', { grace_seconds: 60 }), headers)],
  ['me', (headers) => ({ target: userPath, headers })],
  ['usage', (headers) => ({ target: usagePath, headers })],
  [
    'daily usage',
    (headers) =>
      call(dailyUsagePath, { start_date: '2026-01-01', end_date: '2026-01-31' }, headers),
  ],
];

const orderedPaths = [deletePath, ...orderedCalls.map(([, request]) => request([]).target)];

/** Functions that create a valid request for each operation that requires a token. */
const bearerCalls: readonly BearerCall[] = [
  ...orderedCalls,
  ...operations
    .filter(({ security, path }) => security === 'bearer' && !orderedPaths.includes(path))
    .map((operation): BearerCall => {
      const { id, path: target } = operation;
      return 'body' in operation
        ? [id, (headers) => call(target, operation.body.example, headers)]
        : [id, (headers) => ({ target, headers })];
    }),
  ['delete', (headers) => call(deletePath, named('MyFirstKey'), headers)],
];

/**
 * Issues the key that the requests name, because an earlier operation may have deleted it. Has no
 * effect if the user has the key, or if the next operation is the request for it.
 */
async function holdKey(store: Pick<Operations, 'issue'>, what: string, userId: string) {
  if (what === 'request') return;
  const tierClaim = { tier: 'growth', issuedAt: 0 } as const;
  await store.issue(command({ userId, name: 'MyFirstKey', createdAt: transcriptTime, tierClaim }));
}

describe('recorded responses of operations with a token', () => {
  test('the responses of every operation with a token are unchanged', async () => {
    const store = withOperations(createSqliteStore(':memory:', Date.now));
    const { ask, compare } = await start({ store, settings: { corsOrigins: [origin] } });
    for (const [what, request] of bearerCalls) {
      await holdKey(store, what, 'user');
      await ask(what, request(bearer('user')));
    }
    for (const [what, request] of bearerCalls) {
      await holdKey(store, what, 'page');
      await ask(`${what} from a listed origin`, request([...bearer('page'), ['Origin', origin]]));
    }
    await ask(
      'request from an unlisted origin',
      call(requestPath, named('another'), [...bearer('user'), ['Origin', 'https://evil.example']]),
    );
    await ask(
      'request with a request id',
      call(requestPath, named('with id'), [...bearer('user'), ['X-Request-Id', 'my-id']]),
    );
    await ask('me with HEAD', { method: 'HEAD', target: userPath, headers: bearer('user') });
    await ask('usage with HEAD', { method: 'HEAD', target: usagePath, headers: bearer('user') });
    await ask('me with a body', { target: userPath, headers: bearer('user'), body: 'not JSON' });
    await ask('me with a query', { target: `${userPath}?x=y`, headers: bearer('user') });
    await ask('request that offers an upgrade', {
      ...call(requestPath, named('upgrade'), [
        ...bearer('user'),
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
      ]),
    });
    await ask('request over HTTP/1.0', { ...call(requestPath, named('old')), version: '1.0' });
    await ask(
      'request with an expectation',
      call(requestPath, named('expecting'), [...bearer('user'), ['Expect', 'x']]),
    );
    await ask('request in gzip', {
      ...call(requestPath, {}, [...bearer('user'), ['Content-Encoding', 'gzip']]),
      body: gzipSync(JSON.stringify(named('zipped'))),
    });
    await compare('bearer-operations');
  });

  test('the responses to invalid tokens are unchanged', async () => {
    const { ask, compare } = await start();
    for (const [what, request] of bearerCalls) await ask(`${what} without a token`, request([]));
    const basic: Headers = [['Authorization', 'Basic abc']];
    await ask('me with another scheme', { target: userPath, headers: basic });
    await ask('me with two tokens', {
      target: userPath,
      headers: [...bearer('user'), ...bearer('user')],
    });
    await ask('me with a malformed token', {
      target: userPath,
      headers: [['Authorization', 'Bearer x']],
    });
    await ask('me with an expired token', {
      target: userPath,
      headers: bearer('user', { exp: 1 }),
    });
    await ask('me with a token that is not yet valid', {
      target: userPath,
      headers: bearer('user', { nbf: transcriptTime + 60 }),
    });
    await ask('me with a token without a subject', { target: userPath, headers: bearer('') });
    await ask('me with HEAD without a token', { method: 'HEAD', target: userPath });
    await compare('bearer-401');
  });

  test('the responses to invalid credentials in development are unchanged', async () => {
    const { ask, compare } = await start({ settings: { production: false } });
    await ask('me without a token', { target: userPath });
    await ask('me with an expired token', {
      target: userPath,
      headers: bearer('user', { exp: 1 }),
    });
    await ask('verify without a key', { target: verifyPath });
    await ask('verify of an unknown key', withKey(makeKey()));
    await ask('an unknown path', { target: '/nothing' });
    await compare('development');
  });

  test('the responses to insufficient scopes and unknown tiers are unchanged', async () => {
    const { ask, compare } = await start();
    for (const [what, request] of bearerCalls) {
      await ask(`${what} with an insufficient scope`, request(bearer('user', { scope: 'openid' })));
      await ask(`${what} with an unknown tier`, request(bearer('user', { tier: 'gold' })));
    }
    const refused = bearer('user', { scope: 'openid' });
    await ask('an insufficient scope and an invalid body', {
      ...call(requestPath, {}, refused),
      body: 'not JSON',
    });
    await compare('bearer-403');
  });

  test('the responses to invalid bodies are unchanged', async () => {
    const { ask, issue, compare } = await start();
    const send = (what: string, body: string | Uint8Array | undefined, headers: Headers = json) =>
      ask(what, {
        method: 'POST',
        target: requestPath,
        headers: [...bearer('user'), ...headers],
        ...(body !== undefined && { body }),
      });
    await send('no body', undefined);
    await send('an empty body', '');
    await send('a truncated body', '{"api_key_name": "abc"');
    await send('an array', '[]');
    await send('null', 'null');
    await send('no name', '{}');
    await send('no name and an invalid field', '{"expires_in_days": "x"}');
    await send('invalid values', '{"api_key_name": "x", "expires_in_days": 0}');
    await send('a lone surrogate', '{"api_key_name": "abc\\ud800"}');
    await send(
      'an expiry after the year 9999',
      JSON.stringify(named('late', { expires_in_days: 1e9 })),
    );
    await send('a body over the limit', JSON.stringify(named('x'.repeat(20_000))));
    await send('a body that inflates over the limit', gzipSync('x'.repeat(100_000)), [
      ...json,
      ['Content-Encoding', 'gzip'],
    ]);
    await send('a body that is not gzip', '{}', [...json, ['Content-Encoding', 'gzip']]);
    await send('an unsupported content encoding', '{}', [...json, ['Content-Encoding', 'br']]);
    await send('another content type', '{}', [['Content-Type', 'text/plain']]);
    await send('no content type', '{}', []);
    await send('a body that is not UTF-8', Buffer.from('{"api_key_name": "caf\u00e9"}', 'latin1'));
    await ask(
      'reversed dates',
      call(dailyUsagePath, { start_date: '2026-01-31', end_date: '2026-01-01' }),
    );
    await ask(
      'invalid names',
      call(dailyUsagePath, {
        start_date: '2026-01-01',
        end_date: '2026-01-31',
        api_key_names: ['x', 1],
      }),
    );
    await issue('user', 'taken');
    await send('a taken name', JSON.stringify(named('taken')));
    for (const path of [rotatePath, rollPath, deletePath])
      await ask('an unknown name', call(path, named('unknown')));
    await ask('a key that cannot be rotated yet', call(rotatePath, named('taken')));
    await compare('bodies');
  });

  test('the responses for an expired key and a reached maximum are unchanged', async () => {
    let now = transcriptTime * 1000;
    const { ask, issue, compare } = await start({ now: () => now });
    const pioneer = { tier: 'pioneer' };
    await issue('pioneer', 'the only one', {}, pioneer);
    await ask(
      'a request at the maximum',
      call(requestPath, named('another'), bearer('pioneer', pioneer)),
    );
    await issue('user', 'short', { expires_in_days: 1 });
    now += 86_400_000;
    const later = bearer('user', { exp: transcriptTime + 100_000 });
    await ask('roll of an expired key', call(rollPath, named('short'), later));
    await ask('me with an expired key', { target: userPath, headers: later });
    await compare('expired-and-full');
  });

  test('the responses to an Idempotency-Key are unchanged', async () => {
    const { ask, compare } = await start();
    const withIdempotencyKey = (value: string): Headers => [
      ...bearer('user'),
      ['Idempotency-Key', value],
    ];
    const body = named('once', { expires_in_days: 1 });
    await ask('request', call(requestPath, body, withIdempotencyKey('a')));
    await ask('the same request again', call(requestPath, body, withIdempotencyKey('a')));
    await ask(
      'the same Idempotency-Key with another body',
      call(requestPath, named('twice'), withIdempotencyKey('a')),
    );
    await ask('rotate', call(rotatePath, named('once'), withIdempotencyKey('a')));
    await ask('the same request again', call(rotatePath, named('once'), withIdempotencyKey('a')));
    await ask('roll', call(rollPath, named('once'), withIdempotencyKey('a')));
    await ask('the same request again', call(rollPath, named('once'), withIdempotencyKey('a')));
    await ask(
      'the first request again after the key was rolled',
      call(requestPath, body, withIdempotencyKey('a')),
    );
    await ask('an invalid Idempotency-Key', call(requestPath, body, withIdempotencyKey('a b')));
    await ask('an empty Idempotency-Key', call(requestPath, body, withIdempotencyKey('')));
    await ask(
      'two Idempotency-Keys',
      call(requestPath, body, [...withIdempotencyKey('a'), ['Idempotency-Key', 'b']]),
    );
    await ask('an invalid Idempotency-Key and an invalid body', {
      ...call(requestPath, {}, withIdempotencyKey('a b')),
      body: 'x',
    });
    await ask(
      'an invalid Idempotency-Key for delete',
      call(deletePath, named('once'), withIdempotencyKey('a b')),
    );
    await compare('idempotency');
  });

  test('the responses over the limits of a user and an address are unchanged', async () => {
    const limited = await start({ settings: { ipRateLimitPerMinute: 5 } });
    const hasty = bearer('hasty', { tier: 'pioneer' });
    for (let sent = 0; sent < 20; sent++) await limited.send({ target: userPath, headers: hasty });
    await limited.ask('me over the limit of the user', { target: userPath, headers: hasty });
    await limited.ask('an insufficient scope over the limit of the user', {
      target: userPath,
      headers: bearer('hasty', { tier: 'pioneer', scope: 'openid' }),
    });
    await limited.ask('me within the limit of the address', { target: userPath });
    await limited.ask('an unknown path within the limit of the address', { target: '/nothing' });
    await limited.ask('another method within the limit of the address', {
      method: 'PUT',
      target: userPath,
    });
    for (const [what, request] of bearerCalls)
      await limited.ask(`${what} over the limit of the address`, request(bearer('user')));
    await limited.ask('an unknown path over the limit of the address', { target: '/nothing' });
    await limited.ask('another method over the limit of the address', {
      method: 'PUT',
      target: userPath,
    });
    await limited.ask('the document over the limit of the address', { target: documentPath });
    await limited.ask('the page over the limit of the address', { target: '/docs' });
    await limited.ask('health over the limit of the address', { target: '/health/live' });
    await limited.ask('verify over the limit of the address', withKey(makeKey()));
    await limited.compare('rate-limits');
  });

  test('the responses to a suspended user are unchanged', async () => {
    const store = createSqliteStore(':memory:', Date.now);
    const { ask, issue, compare } = await start({ store });
    const key = await issue('user', 'MyFirstKey', { expires_in_days: 1 });
    await suspend(store, {
      userId: 'user',
      by: { kind: 'operator', id: 'olga' },
      now: transcriptTime,
    });
    for (const [what, request] of bearerCalls.slice(0, -1))
      await ask(what, request(bearer('user')));
    await ask('verify', withKey(key));
    await ask('delete', call(deletePath, named('MyFirstKey')));
    await compare('suspended');
  });

  test.each([
    ['store-down', new StoreUnavailableError('hunter2')],
    ['outcome-unknown', new OutcomeUnknownError('hunter2')],
    ['unexpected-error', new TypeError('hunter2')],
  ])('the responses while the store fails are unchanged: %s', async (name, error) => {
    const { ask, compare } = await start({
      store: storeThatThrows(error),
      settings: { corsOrigins: [origin] },
    });
    for (const [what, request] of bearerCalls)
      await ask(what, request([...bearer('user'), ['Origin', origin]]));
    await ask('verify', withKey(makeKey(), [['Origin', origin]]));
    await ask('verify of a malformed key', withKey('x'));
    await ask('live', { target: '/health/live' });
    await ask('ready', { target: '/health/ready' });
    await ask('ready with HEAD', { method: 'HEAD', target: '/health/ready' });
    await compare(name);
  });
});

describe('recorded responses of verify', () => {
  test('the responses of verify to valid and invalid keys are unchanged', async () => {
    let now = transcriptTime * 1000;
    const store = createSqliteStore(':memory:', () => now);
    const { ask, issue, send, compare } = await start({
      store,
      now: () => now,
      settings: { corsOrigins: [origin], guardSecrets: ['g'.repeat(32)] },
    });
    const guard: Headers = [['X-Guard-Secret', 'g'.repeat(32)]];
    const key = await issue('user', 'My key/ä', { expires_in_days: 1 });
    await ask('a valid key', withKey(key));
    await ask('a valid key again', withKey(key));
    await ask('a valid key from a guard', withKey(key, guard));
    const another = await issue('user', 'another', { expires_in_days: 30 });
    await ask('an uncached valid key from a guard', withKey(another, guard));
    await ask('a valid key that reports usage', withKey(key, [['X-Cached-Answers', '7']]));
    await ask(
      'a valid key that reports too much usage',
      withKey(key, [['X-Cached-Answers', '3000']]),
    );
    await ask(
      'a valid key that reports an invalid number',
      withKey(key, [['X-Cached-Answers', 'x']]),
    );
    await ask('a valid key from a listed origin', withKey(key, [['Origin', origin]]));
    await ask(
      'a valid key from an unlisted origin',
      withKey(key, [['Origin', 'https://evil.example']]),
    );
    await ask('a valid key and a token', withKey(key, [['Authorization', 'Bearer x']]));
    await ask('a valid key with a request id', withKey(key, [['X-Request-Id', 'my-id']]));
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      await ask('a valid key', { ...withKey(key), method });
    }
    await ask('a valid key with a body', { ...withKey(key), method: 'POST', body: 'x' });
    for (const below of ['/', '/a/b', '/../x', '?a=b', '#a', '/%ff', '//']) {
      await ask('a valid key', { ...withKey(key), target: `${verifyPath}${below}` });
    }
    await ask('a valid key with an absolute URL', {
      ...withKey(key),
      target: `http://x${verifyPath}/a?b=c`,
    });
    await ask(
      'a valid key that offers an upgrade',
      withKey(key, [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'x'],
      ]),
    );
    await ask('no key', { target: verifyPath });
    await ask('no key from a listed origin', { target: verifyPath, headers: [['Origin', origin]] });
    await ask('an empty key', withKey(''));
    await ask('a malformed key', withKey('sk-123'));
    await ask('two keys', withKey(key, [['X-API-Key', key]]));
    await ask('a mistyped key', withKey(`${makeKey().slice(0, -1)}!`));
    await ask('an unknown key', withKey(makeKey()));
    await ask('an unknown key from a guard', withKey(makeKey(), guard));
    await ask('an unknown key with HEAD', { ...withKey(makeKey()), method: 'HEAD' });
    await send(call(deletePath, named('another')));
    await ask('a deleted key', withKey(another));
    await suspend(store, {
      userId: 'user',
      by: { kind: 'operator', id: 'olga' },
      now: transcriptTime,
    });
    const third = await issue('third', 'third', { expires_in_days: 1 });
    await ask('a valid key of another owner', withKey(third));
    now += 86_400_000;
    await ask('an expired key', withKey(third));
    for (const path of [
      '/api/v1/apikey/Verify',
      `${verifyPath}x`,
      '/api/v1/apikey/verif%79',
      '/api/v1//apikey/verify',
    ]) {
      await ask('another path', { ...withKey(key), target: path });
    }
    await compare('verify');
  });

  test('the responses of verify over a rate limit are unchanged', async () => {
    const limited = await start({ settings: { ipRateLimitPerMinute: 3 } });
    const key = await limited.issue('pioneer', 'name', {}, { tier: 'pioneer' });
    for (let sent = 0; sent < 20; sent++) await limited.send(withKey(key));
    await limited.ask('a valid key over the limit of its owner', withKey(key));
    await limited.ask('an unknown key within the limit of the address', withKey(makeKey()));
    await limited.ask('no key within the limit of the address', { target: verifyPath });
    await limited.ask('an unknown key over the limit of the address', withKey(makeKey()));
    await limited.ask('a valid key over both limits', withKey(key));
    const starter = await limited.issue('starter', 'name', {}, { tier: 'starter' });
    expect(starter, 'the limit of the address is exceeded').toBeUndefined();
    await limited.compare('verify-limits');
  });

  test('the responses of verify over a daily quota are unchanged', async () => {
    const { ask, app, issue, compare } = await start();
    const key = await issue('pioneer', 'name', {}, { tier: 'pioneer' });
    await ask('a valid key', withKey(key));
    app.countUsage('pioneer', 'name', 499);
    await ask('a valid key over the quota', withKey(key));
    await ask(
      'a valid key over the quota that reports usage',
      withKey(key, [['X-Cached-Answers', '7']]),
    );
    await app.storeUsage();
    await ask('usage', { target: usagePath, headers: bearer('pioneer', { tier: 'pioneer' }) });
    await compare('verify-quota');
  });
});

describe('recorded responses of paths and methods', () => {
  const tablePaths = [
    requestPath,
    rotatePath,
    rollPath,
    deletePath,
    userPath,
    usagePath,
    dailyUsagePath,
    documentPath,
  ];

  test('the responses to unknown paths are unchanged', async () => {
    const { ask, compare } = await start();
    for (const target of [
      '/nothing',
      '/api/v1',
      '/.env',
      '*',
      '/%ff%zz',
      '//',
      'http://[/',
      `/${'x'.repeat(4_000)}`,
    ]) {
      await ask('an unknown path', { target });
    }
    await ask('HEAD of an unknown path', { method: 'HEAD', target: '/nothing' });
    await ask('an unknown path with a token', { target: '/nothing', headers: bearer('user') });
    for (const path of [requestPath, userPath, documentPath]) {
      const method = path === requestPath ? 'POST' : 'GET';
      const spellings = [
        `${path}/`,
        path.toUpperCase(),
        path.replace('/api', '//api'),
        path.replace('/v1/', '/v1/./'),
        path.replace(/.$/, (last) => `%${last.charCodeAt(0).toString(16)}`),
        `${path};x=y`,
        `${path}%2f`,
        `${path}%20`,
        path.replaceAll('/', '\\').replace('\\', '/'),
        `${path.replace('/v1/', '/v1\\')}#a`,
      ];
      for (const target of spellings) await ask('another spelling', { method, target });
    }
    await compare('not-found');
  });

  test('the responses to equivalent spellings of paths are unchanged', async () => {
    const { ask, compare } = await start();
    for (const path of [requestPath, userPath, documentPath]) {
      const method = path === requestPath ? 'POST' : 'GET';
      const spellings = [
        `${path}?`,
        `${path}?a=b`,
        `${path}??`,
        `${path}#a`,
        `${path}?a#b`,
        `${path}?a=/../b`,
      ];
      spellings.push(
        `http://x${path}`,
        `http://x${path}?a`,
        `http://x:80/a/..${path}`,
        `HTTPS://y${path}#a`,
      );
      spellings.push(`${path}\u00a0`);
      for (const target of spellings) await ask('an equivalent spelling', { method, target });
    }
    await compare('spellings');
  });

  test('the responses to unsupported methods are unchanged', async () => {
    const { ask, compare } = await start();
    for (const target of [
      ...tablePaths,
      '/',
      '/docs',
      '/llms.txt',
      '/health/live',
      '/health/ready',
    ]) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'PROPFIND']) {
        const isPage = (method === 'GET' || method === 'HEAD') && !target.startsWith('/api');
        if (!isPage) await ask('a method', { method, target });
      }
    }
    await ask('another method with a token', {
      method: 'DELETE',
      target: requestPath,
      headers: bearer('user'),
    });
    await ask('another method with a query', { method: 'PUT', target: `${requestPath}?a` });
    await compare('methods');
  });

  test('the responses to invalid Hosts are unchanged', async () => {
    const { ask, compare } = await start();
    for (const request of [
      call(requestPath, named('name')),
      { target: userPath },
      { target: documentPath },
      { target: verifyPath },
      { target: '/nothing' },
      { target: '/health/live' },
      { target: '/docs' },
    ]) {
      await ask('no host', { ...request, hosts: [] });
      await ask('two hosts', { ...request, hosts: ['a', 'b'] });
      await ask('an invalid host', { ...request, hosts: ['a b'] });
    }
    await ask('no host, over HTTP/1.0', { target: verifyPath, hosts: [], version: '1.0' });
    await ask('no host, over HTTP/1.0', { target: userPath, hosts: [], version: '1.0' });
    await compare('hosts');
  });

  test('the responses to preflights are unchanged', async () => {
    const { ask, compare } = await start({
      settings: { corsOrigins: [origin, 'https://other.example.com'] },
    });
    const preflight = (target: string, from: string, more: Headers = []): RawRequest => ({
      method: 'OPTIONS',
      target,
      headers: [['Origin', from], ['Access-Control-Request-Method', 'POST'], ...more],
    });
    for (const target of [
      ...tablePaths,
      verifyPath,
      `${verifyPath}/below`,
      `${verifyPath}?a`,
      '/nothing',
      '/health/live',
    ]) {
      await ask('a listed origin', preflight(target, origin));
      await ask('an unlisted origin', preflight(target, 'https://evil.example'));
    }
    await ask(
      'a listed origin that requests a header',
      preflight(requestPath, origin, [['Access-Control-Request-Headers', 'authorization']]),
    );
    await ask('OPTIONS without a requested method', {
      method: 'OPTIONS',
      target: requestPath,
      headers: [['Origin', origin]],
    });
    await ask('an error from a listed origin', {
      target: '/nothing',
      headers: [['Origin', origin]],
    });
    await ask('an unsupported method from a listed origin', {
      target: requestPath,
      headers: [['Origin', origin]],
    });
    await ask('no token from a listed origin', { target: userPath, headers: [['Origin', origin]] });
    await ask('the document from a listed origin', {
      target: documentPath,
      headers: [['Origin', origin]],
    });
    await ask('a preflight without a host', { ...preflight(requestPath, origin), hosts: [] });
    await compare('cross-origin');
  });

  test('the responses for documents and pages are unchanged', async () => {
    const { ask, compare } = await start({ settings: { trustProxyHops: 1 } });
    const plain: Headers = [['Accept-Encoding', 'identity']];
    for (const method of ['GET', 'HEAD']) {
      await ask('the document', { method, target: documentPath });
      await ask('the document uncompressed', { method, target: documentPath, headers: plain });
    }
    await ask('the document over HTTPS', {
      target: documentPath,
      headers: [['X-Forwarded-Proto', 'https']],
    });
    await ask('the document through two proxies', {
      target: documentPath,
      headers: [['X-Forwarded-Proto', 'https, http']],
    });
    await ask('the document for a host with an escape', {
      target: documentPath,
      hosts: ['a%20b'],
    });
    await ask('the document with an empty host', { target: documentPath, hosts: [''] });
    await ask('the document with a validator', {
      target: documentPath,
      headers: [['If-None-Match', '*']],
    });
    await ask('the document with a token', { target: documentPath, headers: bearer('user') });
    for (const target of [
      '/',
      '/docs',
      '/api/v1/docs',
      '/api/v1/docs/index.html',
      '/api/v1/docs/reference.md',
      '/api/v1/docs/swagger.json',
      '/llms.txt',
    ]) {
      await ask('a page', { target });
      await ask('a page', { method: 'HEAD', target });
    }
    const assets = join(
      dirname(createRequire(import.meta.url).resolve('@andamio/reference/dist/index.html')),
      'assets',
    );
    const asset = readdirSync(assets).find((name) => name.endsWith('.css')) as string;
    const { status } = await ask('a missing asset', { target: '/api/v1/docs/assets/nothing.js' });
    await ask('POST of an asset', { method: 'POST', target: '/api/v1/docs/assets/nothing.js' });
    expect([status, asset]).toEqual([404, expect.stringMatching(/\.css$/)]);
    await compare('pages');
  });

  test('the responses of health checks are unchanged', async () => {
    const { ask, compare } = await start();
    for (const target of ['/health/live', '/health/ready']) {
      for (const method of ['GET', 'HEAD', 'POST']) await ask('health', { method, target });
    }
    await compare('health');
  });

  test('the responses of the webhook are unchanged', async () => {
    const signer = githubKey();
    const github = await startGithub(signer);
    onTestFinished(() => github.close());
    const { ask, issue, compare } = await start({ githubKeysUrl: github.url });
    const body = JSON.stringify([alertOf(await issue('user', 'leaked')), { token: 'x' }, 1]);
    const signed: Headers = Object.entries(signatureHeadersOf(body, signer));
    const alerts = (headers: Headers, more: Partial<RawRequest> = {}): RawRequest => {
      return { method: 'POST', target: alertsPath, headers: [...json, ...headers], body, ...more };
    };
    await ask('no signature', alerts([]));
    await ask(
      'a signature by an unknown key',
      alerts([['Github-Public-Key-Identifier', 'x'], signed[1] as [string, string]]),
    );
    await ask('a signature of another body', alerts(signed, { body: '[]' }));
    await ask(
      'another content type',
      alerts([...signed, ['Content-Type', 'text/plain']].slice(1) as Headers, { headers: signed }),
    );
    const [first, ...others] = (await ask('alerts', alerts(signed))).headers;
    expect([first, ...others].length).toBeGreaterThan(5);
    await ask('another method', { target: alertsPath });
    await compare('webhook');
  });
});

describe('recorded responses of operations without credentials', () => {
  const send = (target: string, body: unknown) => call(target, body, []);

  test('the responses to reports are unchanged', async () => {
    const { ask, issue, compare } = await start({ settings: { ipRateLimitPerMinute: 10 } });
    const report = (what: string, api_keys: unknown) =>
      ask(what, send(reportApiKeys.path, { api_keys }));
    const leaked = await issue('user', 'leaked');
    await report('a valid key', [leaked]);
    await report(
      'the maximum number of strings, none of them a key',
      Array(maximumReportedKeys).fill('x'),
    );
    await report('strings beyond the limit on reported keys', ['x', 'x', 'x']);
    await report('too many strings', Array(maximumReportedKeys + 1).fill('x'));
    await report('no string', []);
    await ask('no list', send(reportApiKeys.path, {}));
    await ask('another method', { target: reportApiKeys.path });
    await ask('the revoked key', withKey(leaked));
    await compare('report');
  });

  test('the responses to device logins are unchanged', async () => {
    const { ask, compare } = await start({ monotonicNow: () => 0 });
    const begin = async (what: string) => {
      const { body } = await ask(what, send(devicePath, { api_key_name: 'laptop' }));
      return JSON.parse(`${body}`) as { user_code: string; device_code: string };
    };
    const { user_code, device_code } = await begin('a login');
    await ask('a login with an invalid name', send(devicePath, { api_key_name: 'x' }));
    const redeem = (what: string, code: string) =>
      ask(what, send(deviceTokenPath, { device_code: code }));
    const decide = (what: string, code: string, more: object = {}) =>
      ask(what, call(approvePath, { user_code: code, ...more }));
    await redeem('an undecided login', device_code);
    await redeem('an undecided login, too soon', device_code);
    await decide('a decision without a lookup', user_code, { decision: 'approve' });
    await decide('a lookup', user_code);
    await decide('an approval', user_code, { decision: 'approve' });
    await redeem('an approved login', device_code);
    await redeem('an approved login again', device_code);
    await decide('a denial after the key was issued', user_code, { decision: 'deny' });
    const denied = await begin('another login');
    await decide('a lookup', denied.user_code);
    await decide('a denial', denied.user_code, { decision: 'deny' });
    await redeem('a denied login', denied.device_code);
    await decide('an approval after the denial', denied.user_code, { decision: 'approve' });
    await redeem('an unknown code', 'x');
    await ask('no code', send(deviceTokenPath, {}));
    await compare('device-login');
  });
});

test('a success of every operation is recorded', () => {
  const missing = operations.filter(({ method, path, success: { status = 200 } }) => {
    const entry = `: ${method.toUpperCase()} ${path}\n${status}\n`;
    return !compared.some((text) => text.includes(entry));
  });
  expect(missing.map(({ id }) => id)).toEqual([]);
});
