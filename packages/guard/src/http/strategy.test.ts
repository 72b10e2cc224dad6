import { makeKey } from '@andamio/schema/key-format';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  client,
  controlledAsk,
  down,
  limited,
  refused,
  type ValidInput,
  valid,
} from '../../test/harness/controlled-ask.ts';
import { invalidKey, Refusal, unavailable } from '../refusal.ts';
import { httpStrategy } from './strategy.ts';

function setUp() {
  const service = controlledAsk();
  const clock = { now: 5_000 };
  const closeClient = vi.fn(async () => {});
  const checker = httpStrategy({
    service: { countsRequests: true, ask: service.ask, close: closeClient },
    closeWithin: 1_000,
    now: () => clock.now,
  });
  return { service, clock, closeClient, checker, key: makeKey() };
}

let { service, clock, closeClient, checker, key } = setUp();
beforeEach(() => {
  vi.useFakeTimers();
  ({ service, clock, closeClient, checker, key } = setUp());
});
afterEach(() => vi.useRealTimers());

const expectAccepted = (outcome: unknown) => expect(outcome).toMatchObject({ name: 'MyFirstKey' });

/** Checks an uncached key. The service responds with the given answer. */
async function checkWithAnswer(answer = valid(), text = key, from = client) {
  const outcome = checker.check(text, from);
  await service.last().answer(answer);
  return outcome;
}

/** Advances the clock until the guard has reported usage in the background. */
const passReportInterval = () => vi.advanceTimersByTimeAsync(1_000);

describe('a cached answer', () => {
  test('answers synchronously until the end of its cache time', async () => {
    expectAccepted(await checkWithAnswer(valid({ maximumAge: 7_000 })));
    clock.now += 6_999;
    expectAccepted(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
    expect(service.lookups).toHaveLength(2);
  });

  test('counts the cache time from the start of the lookup', async () => {
    const outcome = checker.check(key, client);
    clock.now += 3_000;
    await service.last().answer(valid({ maximumAge: 7_000 }));
    expectAccepted(await outcome);
    clock.now += 3_999;
    expectAccepted(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('does not cache an answer with a cache time of zero', async () => {
    expectAccepted(await checkWithAnswer(valid({ maximumAge: 0 })));
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('replaces a valid key by a later refusal', async () => {
    await checkWithAnswer(valid({ maximumAge: 1_000 }));
    clock.now += 1_000;
    expect(await checkWithAnswer(refused)).toBe(invalidKey);
    expect(checker.check(key, client)).toBe(invalidKey);
  });

  test('caches a refusal for one second', async () => {
    await checkWithAnswer(refused);
    clock.now += 999;
    expect(checker.check(key, client)).toBe(invalidKey);
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test.each([
    ['a limit or a quota', limited],
    ['a failure', down],
  ])('does not cache %s', async (_what, answer) => {
    expect(await checkWithAnswer(answer)).toBeInstanceOf(Refusal);
    expectAccepted(await checkWithAnswer());
  });

  test('does not use an expired answer when the service is down', async () => {
    await checkWithAnswer(valid({ maximumAge: 1_000 }));
    clock.now += 1_000;
    expect(await checkWithAnswer(down)).toBe(unavailable);
  });
});

describe('concurrent requests with one key', () => {
  test('shares one lookup between concurrent requests, and counts the others as answered from the cache', async () => {
    const outcomes = Array.from({ length: 50 }, () => checker.check(key, client));
    await service.last().answer(valid());
    for (const outcome of await Promise.all(outcomes)) expectAccepted(outcome);
    expect(service.lookups).toHaveLength(1);
    clock.now += 10_000;
    await checkWithAnswer();
    expect(service.last().cachedAnswers).toBe(49);
  });

  test('shares a failed lookup between concurrent requests, and looks up again for the next', async () => {
    const outcomes = [checker.check(key, client), checker.check(key, client)];
    await service.last().answer(down);
    expect(await Promise.all(outcomes)).toEqual([unavailable, unavailable]);
    checker.check(key, client);
    expect(service.lookups).toHaveLength(2);
  });

  test('looks up again if the answer is not fresh enough for a later request', async () => {
    const first = checker.check(key, client);
    const slow = service.last();
    clock.now += 2_000;
    const second = checker.check(key, client);
    await slow.answer(valid({ maximumAge: 1_000 }));
    expectAccepted(await first);
    await vi.waitFor(() => expect(service.lookups).toHaveLength(2));
    await service.last().answer(refused);
    expect(await second).toBe(invalidKey);
  });

  test('looks up concurrent requests with different keys separately', () => {
    checker.check(key, client);
    checker.check(makeKey(), client);
    expect(service.lookups).toHaveLength(2);
  });
});

describe('a cached answer near its end', () => {
  beforeEach(async () => {
    await checkWithAnswer(valid({ maximumAge: 10_000 }));
    clock.now += 6_999;
    expectAccepted(checker.check(key, client));
    expect(service.lookups).toHaveLength(1);
    clock.now += 1_501;
    expectAccepted(checker.check(key, client));
  });

  test('refreshes an answer in use once in the background', async () => {
    expectAccepted(checker.check(key, client));
    expect(service.lookups).toHaveLength(2);
    await service.last().answer(valid({ maximumAge: 10_000 }));
    clock.now += 9_999;
    expectAccepted(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('reports usage with a refresh, which counts as one of the requests', () => {
    expect(service.last()).toMatchObject({ key, cachedAnswers: 1 });
  });

  test('refuses a key at once when a refresh finds it deleted', async () => {
    await service.last().answer(refused);
    expect(checker.check(key, client)).toBe(invalidKey);
  });

  test('uses an answer until its end while refreshes fail, and retries them', async () => {
    await service.last().answer(down);
    clock.now += 199;
    expectAccepted(checker.check(key, client));
    expect(service.lookups).toHaveLength(2);
    clock.now += 1;
    expectAccepted(checker.check(key, client));
    expect(service.lookups).toHaveLength(3);
    await service.last().answer(down);
    clock.now += 1_299;
    expectAccepted(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('does not replace an answer by one that ends sooner', async () => {
    await service.last().answer(valid({ maximumAge: 0 }));
    clock.now += 1_499;
    expectAccepted(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('uses no answer beyond its cache time during a slow refresh', async () => {
    const asked = clock.now;
    clock.now += 5_000; // The slow lookup read the key before its deletion.
    const waiting = checker.check(key, client);
    expect(waiting).toBeInstanceOf(Promise);
    await service.last().answer(valid({ maximumAge: 10_000 }));
    expectAccepted(await waiting);
    clock.now = asked + 9_999;
    expectAccepted(checker.check(key, client));
    clock.now = asked + 10_000;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });
});

test('spreads the refreshes of keys that were looked up at the same time', async () => {
  const keys = Array.from({ length: 50 }, makeKey);
  for (const one of keys) await checkWithAnswer(valid({ maximumAge: 10_000 }), one);
  clock.now += 7_000;
  const refreshesIn150ms = Array.from({ length: 10 }, () => {
    const before = service.lookups.length;
    clock.now += 150;
    for (const one of keys) expectAccepted(checker.check(one, client));
    return service.lookups.length - before;
  });
  expect(Math.max(...refreshesIn150ms)).toBeLessThan(keys.length / 2);
  expect(refreshesIn150ms.reduce((sum, refreshes) => sum + refreshes)).toBe(keys.length);
});

describe('unknown keys', () => {
  /** Sends unknown keys one after another. Returns the outcomes. */
  async function sendUnknown(times: number, from = client): Promise<unknown[]> {
    const outcomes: unknown[] = [];
    for (let sent = 0; sent < times; sent++) {
      const asked = service.lookups.length;
      const outcome = checker.check(makeKey(), from);
      if (service.lookups.length > asked) await service.last().answer(refused);
      outcomes.push(await outcome);
    }
    return outcomes;
  }

  test('looks up 60 unknown keys per client and minute, and answers 429 beyond that', async () => {
    clock.now += 100;
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
    clock.now += 20_000;
    const [over] = await sendUnknown(1);
    expect(over).toMatchObject({
      code: 'rate_limited',
      headers: { 'Retry-After': '40', 'X-RateLimit-Limit': '60' },
    });
    expect(service.lookups).toHaveLength(60);
    clock.now += 39_999;
    expect((await sendUnknown(1))[0]).toBeInstanceOf(Refusal);
    clock.now += 1;
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
  });

  test('limits unknown keys per client address, or per IPv6 /56', async () => {
    await sendUnknown(60);
    expect(await sendUnknown(1, { ip: '192.0.2.2' })).toEqual([invalidKey]);
    await sendUnknown(60, { ip: '2001:db8:0:a00::1' });
    expect(await sendUnknown(1, { ip: '2001:db8:0:b00::1' })).toEqual([invalidKey]);
    expect((await sendUnknown(1, { ip: '2001:db8:0:aff::2' }))[0]).toMatchObject({
      code: 'rate_limited',
    });
    expect((await sendUnknown(1, { ip: '::ffff:192.0.2.1' }))[0]).toMatchObject({
      code: 'rate_limited',
    });
  });

  test('does not count new keys that are valid as unknown', async () => {
    for (let sent = 0; sent < 100; sent++)
      expectAccepted(await checkWithAnswer(valid(), makeKey()));
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
    expect(await sendUnknown(1)).not.toEqual([invalidKey]);
  });

  test('does not count keys that the service could not verify as unknown', async () => {
    for (let sent = 0; sent < 100; sent++)
      expect(await checkWithAnswer(down, makeKey())).toBe(unavailable);
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
  });

  test('does not count mistyped keys as unknown', async () => {
    for (let sent = 0; sent < 100; sent++)
      expect(checker.check('x'.repeat(44), client)).toBe(invalidKey);
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
  });

  test('looks up no more than 60 unknown keys of a client concurrently', async () => {
    const outcomes = Array.from({ length: 100 }, () => checker.check(makeKey(), client));
    expect(service.lookups).toHaveLength(60);
    for (const lookup of service.lookups) await lookup.answer(refused);
    expect((await Promise.all(outcomes)).filter((outcome) => outcome === invalidKey)).toHaveLength(
      60,
    );
  });

  test('accepts a key that was valid before, whatever number of unknown keys its client has sent', async () => {
    await checkWithAnswer();
    await sendUnknown(60);
    expectAccepted(checker.check(key, client));
    clock.now += 30_000;
    expectAccepted(await checkWithAnswer());
  });

  test('counts a deleted key as unknown', async () => {
    await checkWithAnswer();
    clock.now += 10_000;
    expect(await checkWithAnswer(refused)).toBe(invalidKey);
    await sendUnknown(60);
    clock.now += 1_000;
    expect(await checker.check(key, client)).toMatchObject({ code: 'rate_limited' });
  });
});

describe("the owner's window", () => {
  const limits = (input: ValidInput = {}) =>
    valid({ limit: 20, remaining: 2, endsAt: clock.now + 5_500, ...input });

  test('accepts as many requests as the service reported as remaining, then answers 429 without a lookup', async () => {
    await checkWithAnswer(limits());
    expectAccepted(checker.check(key, client));
    expectAccepted(checker.check(key, client));
    expect(checker.check(key, client)).toMatchObject({
      code: 'rate_limited',
      headers: { 'Retry-After': '6', 'X-RateLimit-Limit': '20', 'X-RateLimit-Remaining': '0' },
    });
    expect(service.lookups).toHaveLength(1);
  });

  test('sends X-RateLimit-Reset in Unix seconds', async () => {
    vi.setSystemTime(1_800_000_000_000);
    await checkWithAnswer(limits({ remaining: 0 }));
    expect(checker.check(key, client)).toMatchObject({
      headers: { 'X-RateLimit-Reset': '1800000006' },
    });
  });

  test('shares one window between all keys of an owner', async () => {
    const [second, stranger] = [makeKey(), makeKey()];
    await checkWithAnswer(limits());
    await checkWithAnswer(limits(), second);
    await checkWithAnswer(limits({ userId: 'grace' }), stranger);
    expectAccepted(checker.check(key, client));
    expectAccepted(checker.check(second, client));
    expect(checker.check(key, client)).toBeInstanceOf(Refusal);
    expect(checker.check(second, client)).toBeInstanceOf(Refusal);
    expectAccepted(checker.check(stranger, client));
  });

  test('subtracts requests answered from the cache from the next reported remainder', async () => {
    const second = makeKey();
    await checkWithAnswer(limits({ remaining: 19 }));
    for (let sent = 0; sent < 15; sent++) expectAccepted(checker.check(key, client));
    await checkWithAnswer(limits({ remaining: 18 }), second);
    for (let sent = 0; sent < 3; sent++) expectAccepted(checker.check(second, client));
    expect(checker.check(second, client)).toBeInstanceOf(Refusal);
  });

  test('starts a new window with a lookup after the end of the last', async () => {
    await checkWithAnswer(limits({ remaining: 2 }));
    expectAccepted(checker.check(key, client));
    expectAccepted(checker.check(key, client));
    clock.now += 10_000;
    await checkWithAnswer(limits({ remaining: 2, endsAt: clock.now + 5_500 }));
    expectAccepted(checker.check(key, client));
    expectAccepted(checker.check(key, client));
    expect(checker.check(key, client)).toBeInstanceOf(Refusal);
  });

  test('starts a new window with the full limit at the end of the last', async () => {
    await checkWithAnswer(limits({ remaining: 0 }));
    clock.now += 5_500;
    for (let sent = 0; sent < 20; sent++) expectAccepted(checker.check(key, client));
    expect(checker.check(key, client)).toMatchObject({ headers: { 'Retry-After': '60' } });
  });

  test('applies the limit to requests that waited for a lookup', async () => {
    const outcomes = Array.from({ length: 5 }, () => checker.check(key, client));
    await service.last().answer(limits());
    const codes = (await Promise.all(outcomes)).map((outcome) => outcome instanceof Refusal);
    expect(codes).toEqual([false, false, false, true, true]);
  });

  test('does not report requests that were rejected for the limit', async () => {
    await checkWithAnswer(limits({ remaining: 1 }));
    expectAccepted(checker.check(key, client));
    for (let sent = 0; sent < 5; sent++) checker.check(key, client);
    clock.now += 10_000;
    await checkWithAnswer();
    expect(service.last().cachedAnswers).toBe(1);
  });
});

describe('usage reports', () => {
  async function useThrice() {
    await checkWithAnswer(valid({ maximumAge: 1_000 }));
    for (let sent = 0; sent < 3; sent++) expectAccepted(checker.check(key, client));
    clock.now += 1_000;
  }

  test('reports usage once, with the next lookup of the key', async () => {
    await useThrice();
    await checkWithAnswer(valid({ maximumAge: 0 }));
    expect(service.last().cachedAnswers).toBe(3);
    await checkWithAnswer();
    expect(service.last().cachedAnswers).toBe(0);
  });

  test('reports usage again, with later usage, after a failed lookup', async () => {
    await useThrice();
    await checkWithAnswer(down);
    await checkWithAnswer(limited);
    const outcomes = [checker.check(key, client), checker.check(key, client)];
    expect(service.last().cachedAnswers).toBe(3);
    await service.last().answer(valid({ maximumAge: 0 }));
    await Promise.all(outcomes);
    await checkWithAnswer();
    expect(service.last().cachedAnswers).toBe(1);
  });

  test('reports usage in the background if the key is not used again, counting the report as one request', async () => {
    await useThrice();
    expect(service.lookups).toHaveLength(1);
    await passReportInterval();
    expect(service.lookups).toHaveLength(2);
    expect(service.last()).toMatchObject({ key, cachedAnswers: 2 });
    await service.last().answer(valid({ maximumAge: 1_000 }));
    expectAccepted(checker.check(key, client));
    clock.now += 1_000;
    await passReportInterval();
    expect(service.last()).toMatchObject({ key, cachedAnswers: 0 });
  });

  test('does not report in the background while the key is cached or its usage is zero', async () => {
    await checkWithAnswer();
    await passReportInterval();
    expectAccepted(checker.check(key, client));
    await passReportInterval();
    clock.now += 10_000;
    await checkWithAnswer();
    clock.now += 10_000;
    await passReportInterval();
    expect(service.lookups.map(({ cachedAnswers }) => cachedAnswers)).toEqual([0, 1]);
  });

  test.each([
    ['is down', down, 5_000],
    ['refuses because of a limit', limited, 60_000],
  ])(
    'pauses before it reports in the background again if the service %s',
    async (_what, answer, pause) => {
      await useThrice();
      for (let attempt = 0; attempt < 3; attempt++) {
        await passReportInterval();
        await service.last().answer(answer);
        await passReportInterval();
        clock.now += pause - 1;
        await passReportInterval();
        clock.now += 1;
      }
      await passReportInterval();
      expect(service.lookups.map(({ cachedAnswers }) => cachedAnswers)).toEqual([0, 2, 2, 2, 2]);
    },
  );

  test('drops the usage of a deleted key', async () => {
    await useThrice();
    await passReportInterval();
    await service.last().answer(refused);
    clock.now += 100_000;
    await passReportInterval();
    await passReportInterval();
    expect(service.lookups).toHaveLength(2);
  });

  test('does not report usage twice if a request arrives during a report', async () => {
    await useThrice();
    await passReportInterval();
    const outcome = checker.check(key, client);
    await service.last().answer(valid());
    expectAccepted(await outcome);
    expect(service.lookups).toHaveLength(2);
    clock.now += 10_000;
    await checkWithAnswer();
    expect(service.last().cachedAnswers).toBe(1);
  });

  test('reports usage of cached keys on close(), and rejects all later requests', async () => {
    await checkWithAnswer();
    expectAccepted(checker.check(key, client));
    expectAccepted(checker.check(key, client));
    const closed = checker.close();
    await vi.waitFor(() => expect(service.lookups).toHaveLength(2));
    expect(service.last()).toMatchObject({ key, cachedAnswers: 1 });
    expect(closeClient).not.toHaveBeenCalled();
    await service.last().answer(valid());
    await closed;
    expect(closeClient).toHaveBeenCalledOnce();
    expect(checker.check(key, client)).toBe(unavailable);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('close() ends in bounded time although a report gets no response', async () => {
    await checkWithAnswer();
    expectAccepted(checker.check(key, client));
    const closed = checker.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await closed;
    expect(closeClient).toHaveBeenCalledOnce();
  });
});

describe('cache size', () => {
  test('caches at most 1,000 refusals, which evict no valid key', async () => {
    await checkWithAnswer();
    const flood = Array.from({ length: 20_000 }, () => makeKey());
    for (const [index, unknown] of flood.entries())
      await checkWithAnswer(refused, unknown, { ip: `10.0.${index >> 8}.${index & 255}` });
    expectAccepted(checker.check(key, client));
    const remembered = flood.filter(
      (unknown) => !(checker.check(unknown, client) instanceof Promise),
    );
    expect(remembered).toHaveLength(1_000);
  });

  test('caches at most 10,000 valid keys, the most recently looked up', async () => {
    const others = Array.from({ length: 9_999 }, () => makeKey());
    const [first, last] = [makeKey(), makeKey()];
    await checkWithAnswer(valid({ userId: 'first' }), first);
    for (const [index, other] of others.entries())
      await checkWithAnswer(valid({ userId: `user ${index}` }), other);
    expectAccepted(checker.check(first, client));
    await checkWithAnswer(valid({ userId: 'last' }), last);
    for (const other of [...others, last]) expectAccepted(checker.check(other, client));
    expect(checker.check(first, client)).toBeInstanceOf(Promise);
  });
});
