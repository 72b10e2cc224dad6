import { hash, randomBytes } from 'node:crypto';
import { endOfDay, endOfMonth, utcDayNumbered } from '@andamio/keys/usage/calendar';
import { usageInterval } from '@andamio/keys/usage/meter';
import type { ExhaustedQuota } from '@andamio/keys/usage/quota';
import {
  type SharedBatch,
  type SharedUsage,
  sharedUsageInterval,
  sharedUsageRetention,
} from '@andamio/keys/usage/shared';
import type { UsageTotals } from '@andamio/keys/usage/store';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { TierLimits } from '@andamio/schema/tiers';
import { ErrorReply } from 'redis';
import * as z from 'zod';
import type { Clock } from '../../clock.ts';
import type { Counters } from './limit.ts';
import { MemoryCounters } from './memory-counters.ts';
import type { RedisLink } from './redis-link.ts';
import { run, type Script } from './redis-script.ts';
import { type UsageScripts, usageScripts } from './usage-scripts.ts';

/** Times of shared usage, in milliseconds. */
export interface SharedUsageTimes {
  /** Time from the first request of a batch until the batch is due to be stored. */
  readonly interval: number;
  /**
   * Duration of a claim. It is longer than a call to the store, so that usually one instance stores
   * a batch.
   */
  readonly claim: number;
  /** Minimum age of a batch that is stored because the owner's usage is read. */
  readonly minimumAge: number;
  /** Time for which the totals of an owner without unstored usage are kept. */
  readonly retention: number;
}

export const defaultSharedUsageTimes: SharedUsageTimes = {
  interval: sharedUsageInterval,
  claim: 30_000,
  minimumAge: usageInterval,
  retention: sharedUsageRetention,
};

/**
 * Number of groups of owners. Each group has one hash slot and one list of due owners. Every
 * instance looks at all lists every few seconds.
 */
const groups = 16;

/** Maximum number of owners that one call claims in each group. */
const claimedOwners = 100;

/** The totals of an owner in the store, as a process has read them. */
export interface ReadTotals {
  /** The value of `SharedCount.totalsWanted` that made the process read the totals. */
  readonly version: string;
  /** The day of the totals, in days since 1970. */
  readonly day: number;
  readonly totals: UsageTotals;
}

/** A verified request to count. */
export interface VerifiedRequest {
  readonly userId: string;
  /** The name of the key. */
  readonly name: string;
  /** The serial of the secret that was used. */
  readonly serial: string;
  /** The number of requests that a guard reports in addition. */
  readonly reported: number;
  readonly limits: TierLimits;
  /** The owner's totals in the store, if an earlier outcome asked for them. */
  readonly read?: ReadTotals | undefined;
}

/** The outcome of counting a verified request. */
export interface SharedCount {
  /** The owner's requests in this minute. If they exceed the limit, nothing else was counted. */
  readonly hits: number;
  /** When the minute ends, in milliseconds from now. */
  readonly left: number;
  /** The number of reported requests that were counted. */
  readonly added: number;
  /** The quota that is used up, if any. The request was then not counted as usage. */
  readonly exhausted: ExhaustedQuota | undefined;
  /** The owner's current day, in days since 1970. */
  readonly day: number;
  /**
   * Set if the script needs the owner's totals in the store: the version to pass with them. Totals
   * of an older version are ignored.
   */
  readonly totalsWanted: string | undefined;
}

const storedBatch = z.object({
  number: z.string().transform(Number),
  day: z.number(),
  fields: z.array(z.string()),
});

const memberOf = (userId: string) => hash('sha256', userId, 'base64url');

const prefixOf = (group: number, kind: string) => `usage:{${group}}:${kind}`;

/** Returns the keys of an owner. The part in braces determines the hash slot. */
function keysOf(member: string) {
  const group = member.charCodeAt(0) % groups;
  const key = (kind: string) => `${prefixOf(group, kind)}:${member}`;
  return {
    limit: `limit:{${group}}:key:${member}`,
    account: key('account'),
    open: key('open'),
    closed: key('closed'),
    due: prefixOf(group, 'due'),
  };
}

interface OwnedBatch extends SharedBatch {
  readonly member: string;
}

function batchOf(member: string, userId: string, instance: string, json: string): OwnedBatch {
  const { number, day, fields } = storedBatch.parse(JSON.parse(json));
  const counts = new Map<string, number>();
  const lastUses = new Map<string, number>();
  for (let index = 0; index < fields.length; index += 2) {
    const field = fields[index] as string;
    (field.startsWith('n') ? counts : lastUses).set(field.slice(1), Number(fields[index + 1]));
  }
  const command = { userId, instance, number, day: utcDayNumbered(day), counts, lastUses };
  return { ...command, member, isRepeated: true };
}

/** Owners' usage in Redis, and their requests of the current minute. */
export class RedisUsage implements SharedUsage {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #times: SharedUsageTimes;
  readonly #scripts: UsageScripts;
  /** The instance under which batches of new accounts are stored. */
  readonly #instance = randomBytes(8).toString('base64url');

  /** The counters of the limit per minute while Redis is unusable. */
  readonly fallback: Counters;

  constructor(
    link: RedisLink,
    clock: Clock,
    times = defaultSharedUsageTimes,
    scripts = usageScripts(),
  ) {
    this.#link = link;
    this.#clock = clock;
    this.#times = times;
    this.#scripts = scripts;
    this.fallback = new MemoryCounters(clock);
  }

  /**
   * Counts a verified request with one command.
   *
   * @returns the outcome; `uncounted` if Redis certainly did not count the request; or `unknown` if
   *   Redis did not confirm it. Such a request must not be counted again.
   */
  async count(request: VerifiedRequest): Promise<SharedCount | 'uncounted' | 'unknown'> {
    if (!this.#link.ready) return 'uncounted';
    const { userId, name, serial, reported, limits, read } = request;
    const member = memberOf(userId);
    const { limit, account, open, closed, due } = keysOf(member);
    const { requestsPerMinute, requestsPerDay, requestsPerMonth } = limits;
    try {
      const reply = await run(
        this.#link,
        this.#scripts.count,
        [limit, account, open, closed, due],
        [
          ...[rateLimitWindow, requestsPerMinute, reported, requestsPerDay, requestsPerMonth],
          ...[member, userId, name, this.#instance, this.#clock.now(), this.#link.server],
          ...[this.#times.interval, this.#times.retention, serial],
          ...(read === undefined
            ? []
            : [read.version, read.day, read.totals.day, read.totals.month]),
        ],
      );
      return sharedCount(reply);
    } catch (error) {
      // A script that Redis refused has written no usage. Without a reply, it may have run.
      return error instanceof ErrorReply ? 'uncounted' : 'unknown';
    }
  }

  async claimDue(): Promise<readonly SharedBatch[]> {
    const claimed = await Promise.all(Array.from({ length: groups }, (_, at) => this.#claim(at)));
    return claimed.flat();
  }

  async claimOf(userId: string): Promise<SharedBatch | undefined> {
    const member = memberOf(userId);
    const { account, open, closed, due } = keysOf(member);
    const keys = [account, open, closed, due];
    const args = [this.#times.claim, member, this.#times.minimumAge];
    const found = await this.#run(this.#scripts.claimOwner, keys, args);
    return found.length === 0 ? undefined : batchOf(member, ...(found as [string, string, string]));
  }

  async confirm(batch: SharedBatch, totals: UsageTotals | undefined): Promise<void> {
    const { member, number } = batch as OwnedBatch;
    const { account, open, closed, due } = keysOf(member);
    const { interval, retention } = this.#times;
    await this.#run(
      this.#scripts.confirm,
      [account, open, closed, due],
      [
        ...[number, member, interval, retention, this.#link.server],
        ...(totals === undefined ? [] : [totals.day, totals.month]),
      ],
    );
  }

  async #claim(group: number): Promise<OwnedBatch[]> {
    const { claim, interval } = this.#times;
    const prefixes = ['account', 'open', 'closed'].map((kind) => `${prefixOf(group, kind)}:`);
    const latest = Math.max(claim, interval);
    const found = await this.#run(
      this.#scripts.claimDue,
      [prefixOf(group, 'due')],
      [claim, claimedOwners, ...prefixes, latest],
    );
    const batches: OwnedBatch[] = [];
    for (let index = 0; index < found.length; index += 4)
      batches.push(batchOf(...(found.slice(index, index + 4) as Parameters<typeof batchOf>)));
    return batches;
  }

  /** Runs a script that returns a list. Returns an empty list if Redis is unusable. */
  async #run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<readonly string[]> {
    if (!this.#link.ready) return [];
    return run(this.#link, script, keys, args).then(
      (found) => found as string[],
      () => [],
    );
  }
}

function sharedCount(reply: unknown): SharedCount {
  const [hits, left, added, exhausted, day, version] = reply as [
    ...[number, number, number, number, number],
    string,
  ];
  return {
    ...{ hits, left, added, day },
    exhausted: exhaustedOf(exhausted, utcDayNumbered(day)),
    totalsWanted: version === '' ? undefined : version,
  };
}

function exhaustedOf(exhausted: number, day: string): ExhaustedQuota | undefined {
  if (exhausted === 2) return { period: 'month', endsAt: endOfMonth(day) };
  if (exhausted === 1) return { period: 'day', endsAt: endOfDay(day) };
  return undefined;
}
