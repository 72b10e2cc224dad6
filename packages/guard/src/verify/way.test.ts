import { makeKey } from '@andamio/schema/key-format';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  client,
  controlledAsk,
  down,
  type GoodWish,
  good,
  limited,
  refused,
} from '../../test/harness/controlled-ask.ts';
import { invalidKey, Refusal, unavailable } from '../refusal.ts';
import { verifyWay } from './way.ts';

function setUp() {
  const service = controlledAsk();
  const clock = { now: 5_000 };
  const closeClient = vi.fn(async () => {});
  const checker = verifyWay({
    service: { counts: true, ask: service.ask, close: closeClient },
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

const isIn = (outcome: unknown) => expect(outcome).toMatchObject({ name: 'MyFirstKey' });

/** Asks about a key that is not known, and lets the service answer. */
async function learn(answer = good(), text = key, from = client) {
  const outcome = checker.check(text, from);
  await service.last().answer(answer);
  return outcome;
}

/** Lets so much time pass that the guard looks for what it has not reported. */
const look = () => vi.advanceTimersByTimeAsync(1_000);

describe('what is remembered', () => {
  test('answers at once, without a promise, until its time is over, and not at that moment any more', async () => {
    isIn(await learn(good({ maximumAge: 7_000 })));
    clock.now += 6_999;
    isIn(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
    expect(service.questions).toHaveLength(2);
  });

  test('is as old as its request, not as its answer', async () => {
    const outcome = checker.check(key, client);
    clock.now += 3_000;
    await service.last().answer(good({ maximumAge: 7_000 }));
    isIn(await outcome);
    clock.now += 3_999;
    isIn(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('is nothing where the answer must not be kept', async () => {
    isIn(await learn(good({ maximumAge: 0 })));
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('ends with the first answer that says otherwise', async () => {
    await learn(good({ maximumAge: 1_000 }));
    clock.now += 1_000;
    expect(await learn(refused)).toBe(invalidKey);
    expect(checker.check(key, client)).toBe(invalidKey);
  });

  test('is a refusal, for a second', async () => {
    await learn(refused);
    clock.now += 999;
    expect(checker.check(key, client)).toBe(invalidKey);
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test.each([
    ['a limit or a quota', limited],
    ['a failure', down],
  ])('is not %s: it says nothing about the key', async (_what, answer) => {
    expect(await learn(answer)).toBeInstanceOf(Refusal);
    isIn(await learn());
  });

  test('is never given when the service is down and its time is over', async () => {
    await learn(good({ maximumAge: 1_000 }));
    clock.now += 1_000;
    expect(await learn(down)).toBe(unavailable);
  });
});

describe('requests with one key at the same time', () => {
  test('are one question, and the others count as answered from the cache', async () => {
    const outcomes = Array.from({ length: 50 }, () => checker.check(key, client));
    await service.last().answer(good());
    for (const outcome of await Promise.all(outcomes)) isIn(outcome);
    expect(service.questions).toHaveLength(1);
    clock.now += 10_000;
    await learn();
    expect(service.last().cachedAnswers).toBe(49);
  });

  test('share a failure, and the next one asks again', async () => {
    const outcomes = [checker.check(key, client), checker.check(key, client)];
    await service.last().answer(down);
    expect(await Promise.all(outcomes)).toEqual([unavailable, unavailable]);
    checker.check(key, client);
    expect(service.questions).toHaveLength(2);
  });

  test('ask again where the answer was too slow to be fresh when they came', async () => {
    const first = checker.check(key, client);
    const slow = service.last();
    clock.now += 2_000;
    const second = checker.check(key, client);
    await slow.answer(good({ maximumAge: 1_000 }));
    isIn(await first);
    await vi.waitFor(() => expect(service.questions).toHaveLength(2));
    await service.last().answer(refused);
    expect(await second).toBe(invalidKey);
  });

  test('may be of another key: each is asked about', () => {
    checker.check(key, client);
    checker.check(makeKey(), client);
    expect(service.questions).toHaveLength(2);
  });
});

describe('an answer in use that is about to end', () => {
  beforeEach(async () => {
    await learn(good({ maximumAge: 10_000 }));
    clock.now += 7_999;
    isIn(checker.check(key, client));
    expect(service.questions).toHaveLength(1);
    clock.now += 1;
    isIn(checker.check(key, client));
  });

  test('is refreshed once in the background, and no request waits for it', async () => {
    isIn(checker.check(key, client));
    expect(service.questions).toHaveLength(2);
    await service.last().answer(good({ maximumAge: 10_000 }));
    clock.now += 9_999;
    isIn(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('has its refresh report what it answered: the request that asked for it is one of them', () => {
    expect(service.last()).toMatchObject({ key, cachedAnswers: 1 });
  });

  test('ends at once where the refresh shows that the key is no more', async () => {
    await service.last().answer(refused);
    expect(checker.check(key, client)).toBe(invalidKey);
  });

  test('answers until its end and no longer where the refresh fails, which is repeated', async () => {
    await service.last().answer(down);
    clock.now += 199;
    isIn(checker.check(key, client));
    expect(service.questions).toHaveLength(2);
    clock.now += 1;
    isIn(checker.check(key, client));
    expect(service.questions).toHaveLength(3);
    await service.last().answer(down);
    clock.now += 1_799;
    isIn(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('is not replaced by one that ends sooner', async () => {
    await service.last().answer(good({ maximumAge: 0 }));
    clock.now += 1_999;
    isIn(checker.check(key, client));
    clock.now += 1;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });

  test('is answered by nothing older than the bound, whenever the key was deleted', async () => {
    const asked = clock.now;
    clock.now += 5_000; // The refresh takes that long, and saw the key before it was deleted.
    const waiting = checker.check(key, client);
    expect(waiting).toBeInstanceOf(Promise);
    await service.last().answer(good({ maximumAge: 10_000 }));
    isIn(await waiting);
    clock.now = asked + 9_999;
    isIn(checker.check(key, client));
    clock.now = asked + 10_000;
    expect(checker.check(key, client)).toBeInstanceOf(Promise);
  });
});

describe('of unknown keys', () => {
  /** Sends unknown keys one after the other. */
  async function sendUnknown(times: number, from = client): Promise<unknown[]> {
    const outcomes: unknown[] = [];
    for (let sent = 0; sent < times; sent++) {
      const asked = service.questions.length;
      const outcome = checker.check(makeKey(), from);
      if (service.questions.length > asked) await service.last().answer(refused);
      outcomes.push(await outcome);
    }
    return outcomes;
  }

  test('one client has 60 verified in a minute; beyond them it is told when that ends, and nothing is asked', async () => {
    clock.now += 100;
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
    clock.now += 20_000;
    const [over] = await sendUnknown(1);
    expect(over).toMatchObject({ code: 'rate_limited', headers: { 'Retry-After': '40', 'X-RateLimit-Limit': '60' } });
    expect(service.questions).toHaveLength(60);
    clock.now += 39_999;
    expect((await sendUnknown(1))[0]).toBeInstanceOf(Refusal);
    clock.now += 1;
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
  });

  test('other clients have theirs, those of one network of IPv6 together', async () => {
    await sendUnknown(60);
    expect(await sendUnknown(1, { ip: '192.0.2.2' })).toEqual([invalidKey]);
    await sendUnknown(60, { ip: '2001:db8:0:a00::1' });
    expect(await sendUnknown(1, { ip: '2001:db8:0:b00::1' })).toEqual([invalidKey]);
    expect((await sendUnknown(1, { ip: '2001:db8:0:aff::2' }))[0]).toMatchObject({ code: 'rate_limited' });
    expect((await sendUnknown(1, { ip: '::ffff:192.0.2.1' }))[0]).toMatchObject({ code: 'rate_limited' });
  });

  test('and none of those is one that turns out good', async () => {
    for (let sent = 0; sent < 100; sent++) isIn(await learn(good(), makeKey()));
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
    expect(await sendUnknown(1)).not.toEqual([invalidKey]);
  });

  test('nor one that the service did not verify', async () => {
    for (let sent = 0; sent < 100; sent++) expect(await learn(down, makeKey())).toBe(unavailable);
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
  });

  test('or one that is mistyped, which asks nobody', async () => {
    for (let sent = 0; sent < 100; sent++) expect(checker.check('x'.repeat(44), client)).toBe(invalidKey);
    expect(await sendUnknown(60)).toEqual(Array(60).fill(invalidKey));
  });

  test('no more are verified at once either', async () => {
    const outcomes = Array.from({ length: 100 }, () => checker.check(makeKey(), client));
    expect(service.questions).toHaveLength(60);
    for (const question of service.questions) await question.answer(refused);
    expect((await Promise.all(outcomes)).filter((outcome) => outcome === invalidKey)).toHaveLength(60);
  });

  test('however many there were, a key that was good passes, also after its answer has ended', async () => {
    await learn();
    await sendUnknown(60);
    isIn(checker.check(key, client));
    clock.now += 30_000;
    isIn(await learn());
  });

  test('a key that was good until it was deleted is one', async () => {
    await learn();
    clock.now += 10_000;
    expect(await learn(refused)).toBe(invalidKey);
    await sendUnknown(60);
    clock.now += 1_000;
    expect(await checker.check(key, client)).toMatchObject({ code: 'rate_limited' });
  });
});

describe("the owner's minute", () => {
  const limits = (wish: GoodWish = {}) => good({ limit: 20, remaining: 2, endsAt: clock.now + 5_500, ...wish });

  test('is what the service said was left; then the answer is 429, without asking', async () => {
    await learn(limits());
    isIn(checker.check(key, client));
    isIn(checker.check(key, client));
    expect(checker.check(key, client)).toMatchObject({
      code: 'rate_limited',
      headers: { 'Retry-After': '6', 'X-RateLimit-Limit': '20', 'X-RateLimit-Remaining': '0' },
    });
    expect(service.questions).toHaveLength(1);
  });

  test('says when it ends in Unix seconds', async () => {
    vi.setSystemTime(1_800_000_000_000);
    await learn(limits({ remaining: 0 }));
    expect(checker.check(key, client)).toMatchObject({ headers: { 'X-RateLimit-Reset': '1800000006' } });
  });

  test('is one for all keys of an owner, and another for every other owner', async () => {
    const [second, stranger] = [makeKey(), makeKey()];
    await learn(limits());
    await learn(limits(), second);
    await learn(limits({ userId: 'grace' }), stranger);
    isIn(checker.check(key, client));
    isIn(checker.check(second, client));
    expect(checker.check(key, client)).toBeInstanceOf(Refusal);
    expect(checker.check(second, client)).toBeInstanceOf(Refusal);
    isIn(checker.check(stranger, client));
  });

  test('has what was let in without asking taken off what the service says next', async () => {
    const second = makeKey();
    await learn(limits({ remaining: 19 }));
    for (let sent = 0; sent < 15; sent++) isIn(checker.check(key, client));
    await learn(limits({ remaining: 18 }), second);
    for (let sent = 0; sent < 3; sent++) isIn(checker.check(second, client));
    expect(checker.check(second, client)).toBeInstanceOf(Refusal);
  });

  test('is a new one where the service is asked after its end', async () => {
    await learn(limits({ remaining: 2 }));
    isIn(checker.check(key, client));
    isIn(checker.check(key, client));
    clock.now += 10_000;
    await learn(limits({ remaining: 2, endsAt: clock.now + 5_500 }));
    isIn(checker.check(key, client));
    isIn(checker.check(key, client));
    expect(checker.check(key, client)).toBeInstanceOf(Refusal);
  });

  test('begins anew when it ends, with the whole limit', async () => {
    await learn(limits({ remaining: 0 }));
    clock.now += 5_500;
    for (let sent = 0; sent < 20; sent++) isIn(checker.check(key, client));
    expect(checker.check(key, client)).toMatchObject({ headers: { 'Retry-After': '60' } });
  });

  test('holds for those who waited for an answer', async () => {
    const outcomes = Array.from({ length: 5 }, () => checker.check(key, client));
    await service.last().answer(limits());
    const codes = (await Promise.all(outcomes)).map((outcome) => outcome instanceof Refusal);
    expect(codes).toEqual([false, false, false, true, true]);
  });

  test('is not used up by what was refused', async () => {
    await learn(limits({ remaining: 1 }));
    isIn(checker.check(key, client));
    for (let sent = 0; sent < 5; sent++) checker.check(key, client);
    clock.now += 10_000;
    await learn();
    expect(service.last().cachedAnswers).toBe(1);
  });
});

describe('a count of answers that were not asked for', () => {
  async function useThrice() {
    await learn(good({ maximumAge: 1_000 }));
    for (let sent = 0; sent < 3; sent++) isIn(checker.check(key, client));
    clock.now += 1_000;
  }

  test('is told with the next question about the key, once', async () => {
    await useThrice();
    await learn(good({ maximumAge: 0 }));
    expect(service.last().cachedAnswers).toBe(3);
    await learn();
    expect(service.last().cachedAnswers).toBe(0);
  });

  test('is told again where that failed, with what came meanwhile', async () => {
    await useThrice();
    await learn(down);
    await learn(limited);
    const outcomes = [checker.check(key, client), checker.check(key, client)];
    expect(service.last().cachedAnswers).toBe(3);
    await service.last().answer(good({ maximumAge: 0 }));
    await Promise.all(outcomes);
    await learn();
    expect(service.last().cachedAnswers).toBe(1);
  });

  test('is told in the background when its key does not come again; that request is one of the count', async () => {
    await useThrice();
    expect(service.questions).toHaveLength(1);
    await look();
    expect(service.questions).toHaveLength(2);
    expect(service.last()).toMatchObject({ key, cachedAnswers: 2 });
    await service.last().answer(good({ maximumAge: 1_000 }));
    isIn(checker.check(key, client));
    clock.now += 1_000;
    await look();
    expect(service.last()).toMatchObject({ key, cachedAnswers: 0 });
  });

  test('is not told while its key may come again, nor where there is none', async () => {
    await learn();
    await look();
    isIn(checker.check(key, client));
    await look();
    clock.now += 10_000;
    await learn();
    clock.now += 10_000;
    await look();
    expect(service.questions.map(({ cachedAnswers }) => cachedAnswers)).toEqual([0, 1]);
  });

  test.each([
    ['is down', down, 5_000],
    ['refuses for a limit', limited, 60_000],
  ])('is told in the background again, after a time, where the service %s', async (_what, answer, pause) => {
    await useThrice();
    for (let attempt = 0; attempt < 3; attempt++) {
      await look();
      await service.last().answer(answer);
      await look();
      clock.now += pause - 1;
      await look();
      clock.now += 1;
    }
    await look();
    expect(service.questions.map(({ cachedAnswers }) => cachedAnswers)).toEqual([0, 2, 2, 2, 2]);
  });

  test('is dropped when its key is no more', async () => {
    await useThrice();
    await look();
    await service.last().answer(refused);
    clock.now += 100_000;
    await look();
    await look();
    expect(service.questions).toHaveLength(2);
  });

  test('is not told twice where a request comes while it is reported', async () => {
    await useThrice();
    await look();
    const outcome = checker.check(key, client);
    await service.last().answer(good());
    isIn(await outcome);
    expect(service.questions).toHaveLength(2);
    clock.now += 10_000;
    await learn();
    expect(service.last().cachedAnswers).toBe(1);
  });

  test('is told when the guard closes, also of keys that are fresh; then nothing is let in', async () => {
    await learn();
    isIn(checker.check(key, client));
    isIn(checker.check(key, client));
    const closed = checker.close();
    await vi.waitFor(() => expect(service.questions).toHaveLength(2));
    expect(service.last()).toMatchObject({ key, cachedAnswers: 1 });
    expect(closeClient).not.toHaveBeenCalled();
    await service.last().answer(good());
    await closed;
    expect(closeClient).toHaveBeenCalledOnce();
    expect(checker.check(key, client)).toBe(unavailable);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not hold up the end for ever', async () => {
    await learn();
    isIn(checker.check(key, client));
    const closed = checker.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await closed;
    expect(closeClient).toHaveBeenCalledOnce();
  });
});

describe('memory is bounded', () => {
  test('by keys that are refused, which push no good one out', async () => {
    await learn();
    const flood = Array.from({ length: 20_000 }, () => makeKey());
    for (const [index, unknown] of flood.entries())
      await learn(refused, unknown, { ip: `10.0.${index >> 8}.${index & 255}` });
    isIn(checker.check(key, client));
    const remembered = flood.filter((unknown) => !(checker.check(unknown, client) instanceof Promise));
    expect(remembered).toHaveLength(1_000);
  });

  test('by good keys, of which those stay that were asked about last', async () => {
    const others = Array.from({ length: 9_999 }, () => makeKey());
    const [first, last] = [makeKey(), makeKey()];
    await learn(good({ userId: 'first' }), first);
    for (const [index, other] of others.entries()) await learn(good({ userId: `user ${index}` }), other);
    isIn(checker.check(first, client));
    await learn(good({ userId: 'last' }), last);
    for (const other of [...others, last]) isIn(checker.check(other, client));
    expect(checker.check(first, client)).toBeInstanceOf(Promise);
  });
});
