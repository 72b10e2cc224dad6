import { logEvents } from '@andamio/schema/log-events';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Settings } from '@andamio/schema/settings';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { type Logger, logEvent } from '../log.ts';
import type { Counted, Counters, CreateCounters, KeyCounters } from './counters.ts';
import { googleCredentials } from './google-credentials.ts';
import { MemoryCounters } from './memory-counters.ts';
import { defaultRedisTimes, RedisLink, type RedisTimes } from './redis-link.ts';
import { run, type Script, script } from './redis-script.ts';
import { RedisUsage } from './redis-usage.ts';
import type { UsageScripts } from './usage-scripts.ts';

/**
 * A script that counts requests, unless the window would contain more than a maximum. KEYS[1] is the
 * counter, ARGV[1] the window in milliseconds, ARGV[2] the number of requests, ARGV[3] the maximum.
 * A counter with more time left than one window was created before the server's clock was set back,
 * so it is reset. INCRBY and DECRBY are not among the documented permissions.
 */
export const increment = script(`
local left = redis.call('PTTL', KEYS[1])
local window, requests, maximum = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if left <= 0 or left > window then
  if requests > maximum then return { requests, window } end
  redis.call('SET', KEYS[1], requests, 'PX', window)
  return { requests, window }
end
local total
for _ = 1, requests do total = redis.call('INCR', KEYS[1]) end
if total > maximum then
  for _ = 1, requests do redis.call('DECR', KEYS[1]) end
end
return { total, left }
`);

export const read = script(`
local left = redis.call('PTTL', KEYS[1])
if left <= 0 or left > tonumber(ARGV[1]) then return { 0, 0 } end
return { tonumber(redis.call('GET', KEYS[1])), left }
`);

/**
 * A script that subtracts a request. DECR alone would create a missing counter with the value -1,
 * which never expires.
 */
export const decrement = script(`
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
return { 0, 0 }
`);

/**
 * Counters in Redis. While Redis is unusable, each instance counts in its own memory, so that
 * requests are still served.
 */
class SharedOrLocalCounters implements Counters {
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #window: number;
  readonly #memory: MemoryCounters;

  constructor(link: RedisLink, prefix: string, clock: Clock, window: number) {
    this.#link = link;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#window = window;
    this.#memory = new MemoryCounters(clock, window);
  }

  async increment(key: string, requests = 1, maximum = Number.MAX_SAFE_INTEGER): Promise<Counted> {
    const reply = await this.#run(increment, key, requests, maximum);
    return reply === undefined
      ? this.#memory.increment(key, requests, maximum)
      : this.#counted(reply);
  }

  async get(key: string): Promise<Counted | undefined> {
    const reply = await this.#run(read, key);
    if (reply === undefined) return this.#memory.get(key);
    return reply[1] === 0 ? undefined : this.#counted(reply);
  }

  async decrement(key: string): Promise<void> {
    if ((await this.#run(decrement, key)) === undefined) this.#memory.decrement(key);
  }

  async resetKey(key: string): Promise<void> {
    this.#memory.resetKey(key);
    if (this.#link.ready) await this.#link.send('DEL', this.#prefix + key).catch(() => {});
  }

  /** Runs a script. Resolves to undefined if Redis is unusable; the link reports the cause. */
  async #run(
    script: Script,
    key: string,
    ...args: readonly number[]
  ): Promise<readonly number[] | undefined> {
    if (!this.#link.ready) return undefined;
    return run(this.#link, script, [this.#prefix + key], [this.#window, ...args]).then(
      (reply) => reply as number[],
      () => undefined,
    );
  }

  #counted([totalHits = 0, left = 0]: readonly number[]): Counted {
    return { totalHits, resetTime: new Date(this.#clock.now() + left) };
  }
}

/**
 * Rate limit counters and usage that all instances share, and a function that closes the connection
 * to Redis.
 */
export interface SharedCounters {
  readonly createCounters: CreateCounters;
  /**
   * Counters of this instance alone, for requests that present a key. They are used if there is no
   * Redis, and while Redis is unavailable.
   */
  readonly keyCounters: KeyCounters;
  /**
   * The counts of requests that present a key, shared by all instances. Undefined if each instance
   * counts alone.
   */
  readonly usage?: RedisUsage;
  close(): void;
}

/** Minimum time, in milliseconds, between log entries for refused commands with the same cause. */
const refusalInterval = 3_600_000;

/**
 * Connects to Redis in the background, so Redis need not be available yet. Logs each outage when it
 * begins and when it ends, and each cause of a refused command once an hour.
 */
export function connectCounters(
  { url, ca, auth }: NonNullable<Settings['redis']>,
  log: Logger,
  clock: Clock,
  times: RedisTimes = defaultRedisTimes,
  scripts?: UsageScripts,
): SharedCounters & Required<Pick<SharedCounters, 'usage'>> {
  const refusals = new LRUCache<string, true>({ max: 100, ttl: refusalInterval });
  const link = new RedisLink({
    url,
    ca,
    credentials: auth === 'url' ? undefined : googleCredentials(),
    times,
    monotonicNow: clock.monotonicNow,
    onDown: (cause) => logEvent(log, 'warn', logEvents.redisUnavailable, { err: cause }),
    onUp: () => logEvent(log, 'info', logEvents.redisRecovered),
    onRefused: (error) => {
      if (refusals.has(error.message)) return;
      refusals.set(error.message, true);
      logEvent(log, 'warn', logEvents.redisCommandRefused, { err: error });
    },
  });
  return {
    createCounters: (name, window) =>
      new SharedOrLocalCounters(link, `limit:${name}:`, clock, window),
    keyCounters: new MemoryCounters(clock, rateLimitWindow),
    usage: new RedisUsage(
      link,
      clock,
      (error) => logEvent(log, 'warn', logEvents.usageUnreadable, { err: error }),
      scripts,
    ),
    close: () => link.close(),
  };
}
