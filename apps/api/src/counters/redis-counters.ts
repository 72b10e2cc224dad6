import { logEvents } from '@andamio/schema/log-events';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { Settings } from '@andamio/schema/settings';
import type { ClientRateLimitInfo, Options } from 'express-rate-limit';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { type Logger, logEvent } from '../log.ts';
import type { Counters, CreateCounters, KeyCounters } from './counters.ts';
import { googleCredentials } from './google-credentials.ts';
import { MemoryCounters } from './memory-counters.ts';
import { defaultRedisTimes, RedisLink, type RedisTimes } from './redis-link.ts';
import { run, type Script, script } from './redis-script.ts';
import { RedisUsage } from './redis-usage.ts';
import type { UsageScripts } from './usage-scripts.ts';

/**
 * A script that counts a request. KEYS[1] is the counter, ARGV[1] the window in milliseconds. A
 * counter with more time left than one window was created before the server's clock was set back,
 * so it is reset.
 */
export const increment = script(`
local left = redis.call('PTTL', KEYS[1])
local window = tonumber(ARGV[1])
if left <= 0 or left > window then
  redis.call('SET', KEYS[1], 1, 'PX', window)
  return { 1, window }
end
return { redis.call('INCR', KEYS[1]), left }
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
  readonly #memory: MemoryCounters;
  #window: number = rateLimitWindow;

  constructor(link: RedisLink, prefix: string, clock: Clock) {
    this.#link = link;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#memory = new MemoryCounters(clock);
  }

  init(options: Options): void {
    this.#window = options.windowMs;
    this.#memory.init(options);
  }

  async increment(key: string): Promise<ClientRateLimitInfo> {
    const counted = await this.#run(increment, key);
    return counted === undefined ? this.#memory.increment(key) : this.#infoOf(counted);
  }

  async get(key: string): Promise<ClientRateLimitInfo | undefined> {
    const counted = await this.#run(read, key);
    if (counted === undefined) return this.#memory.get(key);
    return counted[1] === 0 ? undefined : this.#infoOf(counted);
  }

  async decrement(key: string): Promise<void> {
    if ((await this.#run(decrement, key)) === undefined) this.#memory.decrement(key);
  }

  async resetKey(key: string): Promise<void> {
    this.#memory.resetKey(key);
    if (this.#link.ready) await this.#link.send('DEL', this.#prefix + key).catch(() => {});
  }

  /** Runs a script. Resolves to undefined if Redis is unusable; the link reports the cause. */
  async #run(script: Script, key: string): Promise<readonly number[] | undefined> {
    if (!this.#link.ready) return undefined;
    return run(this.#link, script, [this.#prefix + key], [this.#window]).then(
      (counted) => counted as number[],
      () => undefined,
    );
  }

  #infoOf([totalHits = 0, left = 0]: readonly number[]): ClientRateLimitInfo {
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
    createCounters: (name) => new SharedOrLocalCounters(link, `limit:${name}:`, clock),
    keyCounters: new MemoryCounters(clock),
    usage: new RedisUsage(
      link,
      clock,
      (error) => logEvent(log, 'warn', logEvents.usageUnreadable, { err: error }),
      scripts,
    ),
    close: () => link.close(),
  };
}
