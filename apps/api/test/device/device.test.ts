import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { json } from 'node:stream/consumers';
import { deviceLoginSeconds } from '@andamio/schema/operations';
import { userCodeLength, userCodeLetters } from '@andamio/schema/user-code';
import {
  type Answer,
  approveDevice,
  devicePath,
  getUser,
  post,
  redeemDevice,
  requestKey,
  startDeviceLogin,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { limitGuesses } from '../../src/http/limits/device-logins.ts';
import { HttpError } from '../../src/http/response/errors.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp, type TestAppOptions } from '../harness/app.ts';
import { expectError, messages } from '../harness/expect-error.ts';
import { sendRaw } from '../harness/raw-socket.ts';

const startedAt = Date.UTC(2025, 7, 31, 23, 59, 59);

/** Starts a service with a clock that the test moves. */
async function startWithClock(options: TestAppOptions = {}) {
  let now = startedAt;
  const clock = { now: () => now, monotonicNow: () => now };
  const app = await startApp({
    ...clock,
    ...options,
  });
  return {
    app,
    url: app.url,
    /** Advances the clock by a number of seconds. */
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    token: (sub: string, claims = {}) =>
      tokenFor(sub, { iat: now / 1000, exp: now / 1000 + 3600, ...claims }),
  };
}

/** Asserts that a response is an error whose body has OAuth's member `error`. */
function expectOAuthError(answer: Answer, status: number, code: string, error = code): void {
  expect(answer.headers.get('x-error-code')).toBe(code);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toEqual({
    details: expect.any(String),
    message: messages[status],
    statusCode: status,
    error,
  });
}

const codesOf = ({ body }: Answer) => ({
  userCode: body['user_code'] as string,
  deviceCode: body['device_code'] as string,
});

describe('device login', () => {
  let service: Awaited<ReturnType<typeof startWithClock>>;
  beforeAll(async () => {
    service = await startWithClock();
  });
  afterAll(() => service.app.close());

  const start = async (body?: object) => codesOf(await startDeviceLogin(service.url, body));
  const ask = (sub: string, body: object, claims = {}) =>
    approveDevice(service.url, body, { token: service.token(sub, claims) });
  const decide = async (sub: string, userCode: string, decision: string, claims = {}) => {
    await ask(sub, { user_code: userCode }, claims);
    return ask(sub, { user_code: userCode, decision }, claims);
  };
  const keysOf = async (sub: string) =>
    (await getUser(service.url, { token: service.token(sub) })).body['active_keys'] as {
      name: string;
    }[];

  test('a program gets the key that its user approves', async () => {
    const started = await startDeviceLogin(service.url, {
      api_key_name: 'laptop',
      expires_in_days: 7,
    });
    expect(started.status).toBe(200);
    expect(started.headers.get('cache-control')).toBe('no-store');
    expect(started.body).toEqual({
      device_code: expect.stringMatching(/^[B-Z]{8}[\w-]{43}$/),
      user_code: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/),
      verification_uri: `${service.url}/console/device`,
      interval: 5,
      expires_in: 600,
    });
    const { userCode, deviceCode } = codesOf(started);
    expectOAuthError(await redeemDevice(service.url, deviceCode), 400, 'authorization_pending');
    service.pass(40);
    const shown = {
      user_code: userCode,
      state: 'pending',
      api_key_name: 'device-laptop',
      expires_in_days: 7,
      address: '127.0.0.1',
      same_network: true,
      requested_at: '2025-08-31T23:59:59Z',
      expires_at: '2025-09-01T00:09:59Z',
    };
    const lookedUp = await ask('ada', { user_code: userCode.toLowerCase().replace('-', ' ') });
    expect([lookedUp.status, lookedUp.body]).toEqual([200, shown]);
    const approved = await ask('ada', { user_code: userCode, decision: 'approve' });
    expect(approved.body).toEqual({ ...shown, state: 'approved' });
    const issued = await redeemDevice(service.url, deviceCode);
    expect([issued.status, issued.body]).toEqual([
      200,
      {
        api_key: expect.stringMatching(/^ant-[0-9A-Za-z]{40}$/),
        created_at: '2025-09-01T00:00:39Z',
        expires_at: '2025-09-08T00:00:39Z',
        expires_in_days: 7,
        is_active: true,
        name: 'device-laptop',
      },
    ]);
    expect(issued.headers.get('cache-control')).toBe('no-store');
    expect((await redeemDevice(service.url, deviceCode)).body).toEqual(issued.body);
    const verified = await verifyKey(service.url, issued.body['api_key'] as string);
    expect(verified.body).toMatchObject({ user_id: 'ada', name: 'device-laptop' });
  });

  test.each([
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['2001:db8:1:200::7', '2001:db8:1:2ff::1', true],
    ['2001:db8:1:200::7', '2001:db8:1:300::7', false],
    ['203.0.113.7', '::ffff:203.0.113.7', true],
  ])('a program at %s and a user at %s: same_network is %s', async (program, user, isSame) => {
    const proxied = await startWithClock({ settings: { trustProxyHops: 1 } });
    onTestFinished(() => proxied.app.close());
    const at = (address: string) => ({ headers: { 'x-forwarded-for': address } });
    const started = await post(proxied.url + devicePath, { api_key_name: 'laptop' }, at(program));
    const { userCode: user_code } = codesOf(started);
    for (const decision of [undefined, 'approve', 'deny']) {
      const { status, body } = await post(
        `${proxied.url}${devicePath}/approve`,
        { user_code, decision },
        { token: proxied.token('networks'), ...at(user) },
      );
      expect([status, body['same_network']]).toEqual([200, isSame]);
    }
  });

  test('a program whose user denies the login gets access_denied, and no key', async () => {
    const { userCode, deviceCode } = await start();
    expect((await decide('denier', userCode, 'deny')).body).toMatchObject({ state: 'denied' });
    expectOAuthError(await redeemDevice(service.url, deviceCode), 400, 'access_denied');
    expect(await keysOf('denier')).toEqual([]);
  });

  test('a code belongs to the user who looked it up first, and others get the answer for unknown codes', async () => {
    const { userCode, deviceCode } = await start();
    await ask('first', { user_code: userCode });
    const unknown = await ask('unlucky', { user_code: 'BBBB-BBBB' });
    expectError(unknown, 404, 'unknown_user_code');
    for (const decision of [undefined, 'approve', 'deny'])
      expect((await ask('second', { user_code: userCode, decision })).body).toEqual(unknown.body);
    const forged = { user_code: userCode, decision: 'approve', user_id: 'first' };
    expect((await ask('second', forged)).body).toEqual(unknown.body);
    expectOAuthError(await redeemDevice(service.url, deviceCode), 400, 'authorization_pending');
  });

  test('unknown and expired codes, and decided codes of others, get the same answer, with and without a decision', async () => {
    const [decided, expired, notLookedUp] = [await start(), await start(), await start()];
    await decide('decider', decided.userCode, 'approve');
    const bodies = [
      (await ask('answers', { user_code: 'ZZZZ-ZZZZ' })).body,
      (await ask('answers', { user_code: decided.userCode, decision: 'deny' })).body,
      (await ask('answers', { user_code: decided.userCode })).body,
      (await ask('other', { user_code: notLookedUp.userCode, decision: 'approve' })).body,
    ];
    service.pass(deviceLoginSeconds);
    bodies.push((await ask('later', { user_code: expired.userCode })).body);
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  test.each([
    ['unknown', 'B'.repeat(51)],
    ['malformed', 'x'],
    ['empty', ''],
  ])('the %s device code gets expired_token', async (_, deviceCode) => {
    expectOAuthError(await redeemDevice(service.url, deviceCode), 400, 'expired_token');
  });

  test('an expired device code gets expired_token', async () => {
    const { deviceCode } = await start();
    service.pass(deviceLoginSeconds - 1);
    expectOAuthError(await redeemDevice(service.url, deviceCode), 400, 'authorization_pending');
    service.pass(1);
    expectOAuthError(await redeemDevice(service.url, deviceCode), 400, 'expired_token');
  });

  test('each early request for the key adds 5 seconds to the interval, which then suffices', async () => {
    const { userCode, deviceCode } = await start();
    const poll = () => redeemDevice(service.url, deviceCode);
    expectOAuthError(await poll(), 400, 'authorization_pending');
    for (const interval of [10, 15]) {
      service.pass(1);
      const answer = await poll();
      expectOAuthError(answer, 400, 'slow_down');
      expect(answer.body['details']).toContain(`Wait ${interval} seconds`);
    }
    for (let time = 0; time < 3; time++) {
      service.pass(15);
      expectOAuthError(await poll(), 400, 'authorization_pending');
    }
    service.pass(6);
    expectOAuthError(await poll(), 400, 'slow_down');
    await decide('patient', userCode, 'approve');
    expect((await poll()).status).toBe(200);
  });

  test.each([
    ['name_taken', 422],
    ['key_limit_reached', 429],
  ])('an approval and a redemption that meet %s issue no key', async (code, status) => {
    const claims = { tier: code === 'name_taken' ? 'growth' : 'pioneer' };
    const name = code === 'name_taken' ? 'device-laptop' : 'other';
    const [early, late] = [await start(), await start()];
    expect((await decide(code, early.userCode, 'approve', claims)).status).toBe(200);
    const other = await requestKey(
      service.url,
      { api_key_name: name },
      { token: service.token(code, claims) },
    );
    expect(other.status).toBe(200);
    expectOAuthError(
      await redeemDevice(service.url, early.deviceCode),
      status,
      code,
      'access_denied',
    );
    expectError(await decide(code, late.userCode, 'approve', claims), status, code);
    expectOAuthError(
      await redeemDevice(service.url, late.deviceCode),
      400,
      'authorization_pending',
    );
    expect((await keysOf(code)).map((key) => key.name)).toEqual([name]);
  });

  test('a user takes back an approval, and the program gets access_denied', async () => {
    const { userCode, deviceCode } = await start();
    await decide('hasty', userCode, 'approve');
    const shown = await ask('hasty', { user_code: userCode });
    expect([shown.status, shown.body['state']]).toEqual([200, 'approved']);
    const denied = await ask('hasty', { user_code: userCode, decision: 'deny' });
    expect([denied.status, denied.body['state']]).toEqual([200, 'denied']);
    expectOAuthError(await redeemDevice(service.url, deviceCode), 400, 'access_denied');
    expect(await keysOf('hasty')).toEqual([]);
  });

  test('a denial that comes too late is a conflict, and no wrong code however often it is repeated', async () => {
    const { userCode, deviceCode } = await start();
    await decide('late denier', userCode, 'approve');
    await redeemDevice(service.url, deviceCode);
    const deny = () => ask('late denier', { user_code: userCode, decision: 'deny' });
    for (let time = 0; time < 7; time++) expectError(await deny(), 409, 'device_login_redeemed');
    const { status, body } = await ask('late denier', { user_code: userCode });
    expect([status, body['state']]).toEqual([200, 'redeemed']);
    expect(await keysOf('late denier')).toHaveLength(1);
  });

  test('two requests at once and a decision after the decision leave one key', async () => {
    const { userCode, deviceCode } = await start();
    for (const decision of ['approve', 'approve']) await decide('once', userCode, decision);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => redeemDevice(service.url, deviceCode)),
    );
    expect(new Set(answers.map(({ body }) => body['api_key'])).size).toBe(1);
    expectError(
      await ask('once', { user_code: userCode, decision: 'deny' }),
      409,
      'device_login_redeemed',
    );
    expect(await keysOf('once')).toHaveLength(1);
  });

  test.each([
    [{}, 400, 'missing_field', 'api_key_name is required.'],
    [
      { api_key_name: 'x'.repeat(94) },
      422,
      'invalid_field',
      'api_key_name must be 3 to 93 characters long (Unicode code points).',
    ],
    [
      { api_key_name: 'lap\u001btop' },
      422,
      'invalid_field',
      'api_key_name must not contain a control character.',
    ],
    [
      { api_key_name: 'laptop', expires_in_days: 0 },
      422,
      'invalid_field',
      'expires_in_days must be at least 1.',
    ],
    [
      { api_key_name: 'laptop', expires_in_days: 91 },
      422,
      'invalid_field',
      'expires_in_days must be at most 90.',
    ],
  ])('the start refuses the body %j', async (body, status, code, details) => {
    const answer = await startDeviceLogin(service.url, body);
    expectError(answer, status, code);
    expect(answer.body['details']).toBe(details);
  });

  test.each(['laptop\u202e , valid for 1 day', 'lap\u200btop', 'lapt\u043ep', 'laptop (mine)'])(
    'the start refuses the name %j, which the page could not show as it is',
    async (api_key_name) => {
      const answer = await startDeviceLogin(service.url, { api_key_name });
      expectError(answer, 422, 'invalid_field');
      expect(answer.body['details']).toBe(
        'api_key_name must contain only the letters A-Z and a-z, digits, spaces, periods, underscores and hyphens.',
      );
    },
  );

  test('a key is valid for 30 days if the program asks for no number of days', async () => {
    const { userCode } = await start();
    const { body } = await ask('days', { user_code: userCode });
    expect(body['expires_in_days']).toBe(30);
  });

  test.each([
    [{}, 'missing_field', 'user_code is required.'],
    [{ user_code: 'WDJB-MJH' }, 'invalid_field', /^user_code must be the 8 letters/],
    [{ user_code: 'AEIO-UAEI' }, 'invalid_field', /^user_code must be the 8 letters/],
    [{ user_code: 1 }, 'invalid_field', 'user_code must be a string.'],
    [
      { user_code: 'WDJB-MJHT', decision: 'yes' },
      'invalid_field',
      'decision must be approve or deny.',
    ],
  ])('the approval refuses the body %j', async (body, code, details) => {
    const answer = await ask('strict', body);
    expectError(answer, code === 'missing_field' ? 400 : 422, code);
    expect(answer.body['details']).toMatch(details);
  });

  test.each([
    [undefined, 400, 'missing_field'],
    [7, 422, 'invalid_field'],
  ])(
    'the request for the key with the code %j gets invalid_request',
    async (code, status, error) => {
      expectOAuthError(await redeemDevice(service.url, code), status, error, 'invalid_request');
    },
  );

  test('no log line contains a code or the key', async () => {
    const { userCode, deviceCode } = await start();
    await decide('logged', userCode, 'approve');
    const { body } = await redeemDevice(service.url, deviceCode);
    const lines = service.app.logged.join('');
    expect(lines).toContain(devicePath);
    for (const secret of [userCode, userCode.replace('-', ''), deviceCode, body['api_key']])
      expect(lines).not.toContain(secret);
  });
});

describe('the address of the page for device logins', () => {
  /** Starts a device login with a Host header, which `fetch` does not allow. */
  async function startAt({ url }: TestApp, headers: OutgoingHttpHeaders) {
    const request = httpRequest(url + devicePath, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });
    request.end(JSON.stringify({ api_key_name: 'laptop' }));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const body = (await json(response)) as Record<string, unknown>;
    return { status: response.statusCode, code: response.headers['x-error-code'], body };
  }

  test.each(['andamio_api:8080', 'api.example.com', '10.0.0.1:80', '[::1]:8080'])(
    'has the host %s of the request',
    async (host) => {
      const app = await startApp();
      onTestFinished(() => app.close());
      const { body } = await startAt(app, { host });
      expect(body['verification_uri']).toBe(`http://${host}/console/device`);
    },
  );

  test.each(['https', 'HTTPS'])('has https if a trusted proxy reports %s', async (scheme) => {
    const app = await startApp({ settings: { trustProxyHops: 1 } });
    onTestFinished(() => app.close());
    const { body } = await startAt(app, { host: 'api.example', 'x-forwarded-proto': scheme });
    expect(body['verification_uri']).toBe('https://api.example/console/device');
  });

  test.each(["a'b", 'a%22b', 'a;b', ':80', 'a:123456', 'x'.repeat(254)])(
    'is never that of another installation: the Host %j is refused',
    async (host) => {
      const app = await startApp();
      onTestFinished(() => app.close());
      const { status, code } = await startAt(app, { host });
      expect([status, code]).toEqual([400, 'malformed_request']);
    },
  );

  test('is never that of another installation: a request of HTTP/1.0 without Host is refused', async () => {
    const app = await startApp();
    onTestFinished(() => app.close());
    const body = JSON.stringify({ api_key_name: 'laptop' });
    const head = `POST ${devicePath} HTTP/1.0\r\nContent-Type: application/json\r\n`;
    const { text } = await sendRaw(
      app.port,
      `${head}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('X-Error-Code: malformed_request');
  });
});

describe('limits of device logins', () => {
  test('an address may start 10 logins a minute, without using up its other requests', async () => {
    const app = await startApp({ settings: { ipRateLimitPerMinute: 100 } });
    onTestFinished(() => app.close());
    const answers = await Promise.all(Array.from({ length: 12 }, () => startDeviceLogin(app.url)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    const refused = answers.find(({ status }) => status === 429) as Answer;
    expectError(refused, 429, 'rate_limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await redeemDevice(app.url, 'x');
    expect(other.headers.get('x-ratelimit-remaining')).toBe('87');
  });

  test('a start that is refused does not count toward the logins of its address', async () => {
    const app = await startApp({ maximumDays: 10 });
    onTestFinished(() => app.close());
    for (let start = 0; start < 12; start++) {
      const { headers } = await startDeviceLogin(app.url);
      expect(headers.get('x-error-code')).toBe('expiry_too_late');
    }
    const body = { api_key_name: 'laptop', expires_in_days: 10 };
    expect((await startDeviceLogin(app.url, body)).status).toBe(200);
  });

  test('an address that asks for keys too fast gets slow_down', async () => {
    const app = await startApp({ settings: { ipRateLimitPerMinute: 1 } });
    onTestFinished(() => app.close());
    await redeemDevice(app.url, 'x');
    expectOAuthError(await redeemDevice(app.url, 'x'), 429, 'rate_limited', 'slow_down');
  });

  /** Returns user codes that do not belong to any device login. */
  const guesses = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      Array.from(
        { length: userCodeLength },
        (_, place) => userCodeLetters[Math.floor(index / 20 ** place) % 20],
      ).join(''),
    );

  test('of 100 guesses of a user from many addresses, sent at once, 5 are answered in 10 minutes', async () => {
    const service = await startWithClock({ settings: { trustProxyHops: 1 } });
    onTestFinished(() => service.app.close());
    const guess = (user_code: string, index: number) =>
      post(
        `${service.url}${devicePath}/approve`,
        { user_code },
        {
          token: service.token('guesser'),
          headers: { 'x-forwarded-for': `203.0.113.${index}` },
        },
      );
    const answers = await Promise.all(guesses(100).map(guess));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(5);
    expect(refused).toHaveLength(95);
    expectError(refused[0] as Answer, 429, 'too_many_wrong_codes');
    expect(refused[0]?.headers.get('retry-after')).toMatch(/^(?:599|600)$/);
    service.pass(deviceLoginSeconds);
    expectError(await guess('BBBBBBBB', 0), 404, 'unknown_user_code');
  });

  test('of 100 guesses of 10 users at one address, 20 are answered, and then one of each further user', async () => {
    const service = await startWithClock();
    onTestFinished(() => service.app.close());
    const guess = (user_code: string, user: number) =>
      approveDevice(service.url, { user_code }, { token: service.token(`user ${user}`) });
    const answered: number[] = [];
    for (let user = 0; user < 10; user++) {
      const answers = await Promise.all(guesses(10).map((code) => guess(code, user)));
      answered.push(answers.filter(({ status }) => status === 404).length);
      expect(answers.every(({ status }) => status === 404 || status === 429)).toBe(true);
    }
    expect(answered).toEqual([5, 5, 5, 5, 1, 1, 1, 1, 1, 1]);
  });

  test('a few accounts that guess do not lock out the other users at their address', async () => {
    const service = await startWithClock();
    onTestFinished(() => service.app.close());
    const ask = (user: string, user_code: string, decision?: string) =>
      approveDevice(service.url, { user_code, decision }, { token: service.token(user) });
    const { userCode } = codesOf(await startDeviceLogin(service.url));
    for (const user of ['one', 'two', 'three', 'four', 'five'])
      await Promise.all(guesses(10).map((code) => ask(user, code)));
    for (const decision of [undefined, 'approve', 'deny'])
      expect((await ask('colleague', userCode, decision)).status).toBe(200);
    expectError(await ask('colleague', 'BBBBBBBB'), 404, 'unknown_user_code');
    expectError(await ask('colleague', userCode), 429, 'too_many_wrong_codes');
  });

  test('a right code that is answered after its 10 minutes allows no wrong code more', async () => {
    let now = startedAt;
    const clock = { now: () => now, monotonicNow: () => now };
    const limit = limitGuesses({
      clock,
      createCounters: (_name, window) => new MemoryCounters(clock, window),
    });
    const guesser = { userId: 'patient', address: '203.0.113.7' };
    const wrong = () =>
      limit(guesser, async () => Promise.reject(new HttpError('unknown_user_code')));
    await limit(guesser, async () => {
      now += deviceLoginSeconds * 1000;
      for (let time = 0; time < 5; time++) await expect(wrong()).rejects.toThrow(/user_code/);
    });
    await expect(wrong()).rejects.toMatchObject({ code: 'too_many_wrong_codes' });
  });

  test('guesses that are refused while right codes are looked up do not lock out the user', async () => {
    const limit = limitGuesses({
      clock: systemClock,
      createCounters: (_name, window) => new MemoryCounters(systemClock, window),
    });
    const guesser = { userId: 'hasty', address: '203.0.113.8' };
    const answered = Promise.withResolvers<void>();
    const guesses = Array.from({ length: 30 }, () => limit(guesser, () => answered.promise));
    answered.resolve();
    const settled = await Promise.allSettled(guesses);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    await limit(guesser, async () => {});
  });

  test('right codes and failures of the service are no guesses', async () => {
    const service = await startWithClock();
    onTestFinished(() => service.app.close());
    const token = service.token('right');
    for (let login = 0; login < 8; login++) {
      const { userCode } = codesOf(await startDeviceLogin(service.url));
      for (const decision of [undefined, 'deny'])
        expect(
          (await approveDevice(service.url, { user_code: userCode, decision }, { token })).status,
        ).toBe(200);
    }
  });
});

describe('MAX_EXPIRES_IN_DAYS and device logins', () => {
  test('a login beyond the maximum is neither started, approved nor redeemed, and the answer names the maximum', async () => {
    const store = createSqliteStore(':memory:', Date.now);
    // The logins were started before the operator lowered the maximum.
    const before = await startApp({ store });
    const lowered = await startApp({ store, maximumDays: 30 });
    onTestFinished(() => lowered.close());
    onTestFinished(() => before.close());
    const token = tokenFor('ada');
    const start = (url: string, api_key_name: string) =>
      startDeviceLogin(url, { api_key_name, expires_in_days: 31 });
    const approved = codesOf(await start(before.url, 'approved'));
    const pending = codesOf(await start(before.url, 'pending'));
    const decide = (url: string, { userCode }: { userCode: string }, decision?: 'approve') =>
      approveDevice(url, { user_code: userCode, decision }, { token });
    await decide(before.url, approved);
    await decide(before.url, approved, 'approve');
    await decide(before.url, pending);

    for (const answer of [
      await start(lowered.url, 'started'),
      await decide(lowered.url, pending, 'approve'),
      await redeemDevice(lowered.url, approved.deviceCode),
    ]) {
      expect([answer.status, answer.body['details']]).toEqual([
        422,
        'expires_in_days must be at most 30. A request without it uses the default, which may be greater.',
      ]);
    }
  });
});

describe('a service without device logins', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ settings: { deviceLogin: false } });
  });
  afterAll(() => app.close());

  test.each(['', '/approve', '/token'])('has no path /api/v1/apikey/device%s', async (path) => {
    expectError(await post(`${app.url}${devicePath}${path}`, {}), 404, 'not_found');
  });
});
