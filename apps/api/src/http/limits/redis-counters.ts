import type { Settings } from '@andamio/schema/settings';
import { type ClientRateLimitInfo, MemoryStore, type Options, type Store } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import type { Logger } from '../../log.ts';
import type { CreateCounters } from './limit.ts';

/** How long a request waits for Redis, and how long after a failure none does, in milliseconds. */
const commandTimeout = 300;
const pauseAfterFailure = 1_000;

/** Bare, `DECR` makes a counter that is not there: one of -1, which never ends. */
const decrementIfThere = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end`;

/** The library's counters, but for those that are not there: it reads them as NaN, and gives back to them. */
class RedisCounters extends RedisStore {
  override async get(key: string): Promise<ClientRateLimitInfo | undefined> {
    const counted = await super.get(key);
    return Number.isNaN(counted?.totalHits) ? undefined : counted;
  }

  override async decrement(key: string): Promise<void> {
    const name = this.prefixKey(key);
    await this.sendCommand({ key: name, isReadOnly: false, command: ['EVAL', decrementIfThere, '1', name] });
  }
}

/** Counters in Redis while it answers, in memory while it does not: requests go on, counted by each instance alone. */
class FallbackCounters implements Store {
  readonly #redis: RedisCounters;
  readonly #memory = new MemoryStore();
  readonly #report: (error: unknown) => void;
  #options: Options | undefined;
  #initialized = false;
  #avoidUntil = 0;

  constructor(redis: RedisCounters, report: (error: unknown) => void) {
    this.#redis = redis;
    this.#report = report;
  }

  init(options: Options): void {
    this.#options = options;
    this.#memory.init(options);
  }

  increment(key: string): Promise<ClientRateLimitInfo> {
    return this.#first(
      () => this.#redis.increment(key),
      () => this.#memory.increment(key),
    );
  }

  get(key: string): Promise<ClientRateLimitInfo | undefined> {
    return this.#first(
      () => this.#redis.get(key),
      () => this.#memory.get(key),
    );
  }

  decrement(key: string): Promise<void> {
    return this.#first(
      () => this.#redis.decrement(key),
      () => this.#memory.decrement(key),
    );
  }

  resetKey(key: string): Promise<void> {
    return this.#first(
      () => this.#redis.resetKey(key),
      () => this.#memory.resetKey(key),
    );
  }

  async #first<T>(inRedis: () => Promise<T>, inMemory: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#avoidUntil) return inMemory();
    try {
      // Again after each failure: the library keeps a script that it failed to load, and fails with it ever after.
      if (!this.#initialized) await this.#redis.init(this.#options as Options);
      this.#initialized = true;
      return await inRedis();
    } catch (error) {
      this.#initialized = false;
      this.#avoidUntil = performance.now() + pauseAfterFailure;
      this.#report(error);
      return inMemory();
    }
  }
}

/** Rate-limit counters that all instances share, and the end of their connection. */
export interface SharedCounters {
  readonly createCounters: CreateCounters;
  close(): void;
}

/** Connects to Redis; it need not be there yet. A failure is warned of once, until Redis has been back. */
export function connectCounters({ url, ca }: NonNullable<Settings['redis']>, log: Logger): SharedCounters {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: commandTimeout },
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 2_000),
      ...(ca !== undefined && { tls: true, ca }),
    },
  });

  let warned = false;
  const report = (error: unknown) => {
    if (!warned) log.warn({ err: error }, 'Redis does not answer; rate limits are counted by this instance alone');
    warned = true;
  };
  client.on('error', report);
  client.on('ready', () => {
    if (warned) log.info('Redis answers again; rate limits are shared');
    warned = false;
  });
  client.connect().catch(report);

  return {
    createCounters: (name) =>
      new FallbackCounters(
        new RedisCounters({ prefix: `limit:${name}:`, sendCommand: (...command) => client.sendCommand(command) }),
        report,
      ),
    close: () => client.destroy(),
  };
}
