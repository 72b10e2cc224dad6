import { hash, randomBytes } from 'node:crypto';
import { endOfDay, endOfMonth, utcDayNumbered } from '@andamio/keys/usage/calendar';
import { usageInterval } from '@andamio/keys/usage/meter';
import type { ExhaustedQuota } from '@andamio/keys/usage/quota';
import {
  type ClaimedBatch,
  type SharedUsage,
  sharedUsageInterval,
  sharedUsageRetention,
} from '@andamio/keys/usage/shared';
import type { UsageTotals } from '@andamio/keys/usage/store';
import { rateLimitWindow } from '@andamio/schema/rate-limits';
import type { TierLimits } from '@andamio/schema/tiers';
import { lastTimestamp, secondsPerDay } from '@andamio/schema/timestamps';
import { LRUCache } from 'lru-cache';
import { ErrorReply } from 'redis';
import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { counterKey } from './counters.ts';
import type { RedisLink } from './redis-link.ts';
import { run, type Script } from './redis-script.ts';
import { type SharedUsageTimes, type UsageScripts, usageScripts } from './usage-scripts.ts';

export const defaultSharedUsageTimes: SharedUsageTimes = {
  window: rateLimitWindow,
  interval: sharedUsageInterval,
  claim: 30_000,
  minimumAge: usageInterval,
  retention: sharedUsageRetention,
};

/**
 * Number of groups of owners. Each group has one hash slot, and one list of the owners whose usage
 * is due to be stored.
 */
const groups = 16;

/**
 * Average number of instances that look for due usage in a group within an interval. If there are
 * more instances, each looks only in some groups, which it chooses at random. Otherwise, the number
 * of commands would grow with the number of instances, even without usage.
 */
const lookingInstances = 4;

const allGroups = Array.from({ length: groups }, (_, group) => group);

/** Maximum number of owners that one call claims in each group. */
const claimedOwners = 100;

/** An owner's totals, as a process has read them from the store. */
export interface ReadTotals {
  /** The value of {@link SharedCount.totalsWanted} that requested the totals. */
  readonly version: string;
  /** The day whose totals were read, in days since 1970. */
  readonly day: number;
  readonly totals: UsageTotals;
}

/** A request with a verified key, to be counted. */
export interface VerifiedRequest {
  readonly userId: string;
  /** The name of the key. */
  readonly name: string;
  /** The serial of the secret that was used. */
  readonly serial: string;
  /** The number of additional requests that a guard reports. */
  readonly reported: number;
  readonly limits: TierLimits;
  /** The owner's totals in the store, if an earlier {@link SharedCount} requested them. */
  readonly read?: ReadTotals | undefined;
}

/** The outcome of counting a verified request. */
export interface SharedCount {
  /**
   * The number of the owner's requests in this minute. If it exceeds the limit, the request was not
   * counted as usage.
   */
  readonly hits: number;
  /** The time left in this minute, in milliseconds. */
  readonly left: number;
  /** The number of reported requests that were counted. */
  readonly added: number;
  /** The quota that is used up, if any. In that case, the request was not counted as usage. */
  readonly exhausted: ExhaustedQuota | undefined;
  /** The owner's current day, in days since 1970. */
  readonly day: number;
  /**
   * Defined if the script needs the owner's totals from the store. The value is passed to Redis
   * with the totals, so that Redis can ignore totals that were read too early.
   */
  readonly totalsWanted: string | undefined;
}

/**
 * The outcome of counting a request: `uncounted` if Redis certainly did not count it, `unknown` if
 * Redis may have counted it.
 */
export type CountOutcome = SharedCount | 'uncounted' | 'unknown';

/** A request that is counted with the next command. */
interface WaitingRequest {
  readonly request: VerifiedRequest;
  /** The owner's {@link counterKey}. */
  readonly member: string;
  readonly resolve: (outcome: CountOutcome) => void;
}

/**
 * Maximum number of requests that one command counts. Such a command takes about a millisecond,
 * during which Redis runs no other command.
 */
const countedTogether = 100;

/** A reply of {@link UsageScripts.count} for one request. */
const countReply = z.tuple([
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.string(),
]);

const countReplies = z.array(z.unknown());

const integer = z.coerce.number().int().nonnegative();

const storedFields = z.array(z.string());

const batchReply = z.string().nullish();

const storedBatch = z.object({
  user: z.string().min(1),
  instance: z.string().min(1),
  number: integer,
  day: integer.max(lastTimestamp / secondsPerDay),
  counts: z.map(z.string(), integer),
  lastUses: z.map(z.string(), integer),
});

/**
 * Version of the format in which values are stored in Redis. Increase it whenever the format
 * changes. Otherwise, a script may misread values, treat accounts as evicted, or set usage aside.
 */
const layout = 2;

const prefixOf = (group: number, kind: string) => `usage:${layout}:{${group}}:${kind}`;

const groupOf = (member: string) => member.charCodeAt(0) % groups;

/** Returns the names of an owner's Redis keys. The part in braces determines the hash slot. */
function keysOf(member: string): readonly string[] {
  const group = groupOf(member);
  const own = ['account', 'open', 'closed'].map((kind) => `${prefixOf(group, kind)}:${member}`);
  return [...own, prefixOf(group, 'due')];
}

const serverCodes = new LRUCache<string, string>({
  max: 10,
  memoMethod: (server) => hash('sha256', server, 'base64url').slice(0, 8),
});

/** A batch of usage from Redis, with the data that {@link RedisUsage} confirms it with. */
interface ParsedBatch {
  readonly addition: ClaimedBatch['addition'];
  readonly dayNumber: number;
  readonly total: number;
}

/**
 * Parses a batch of usage from Redis.
 *
 * @throws an error if the text does not have the form of a batch.
 */
function parseBatch(text: string): ParsedBatch {
  const fields = storedFields.parse(JSON.parse(text));
  const [about, counts, lastUses] = [new Map(), new Map(), new Map()];
  for (let index = 0; index < fields.length; index += 2) {
    const [field, value] = fields.slice(index, index + 2) as [string, string];
    const kind = field.startsWith('=') ? about : field.startsWith('s') ? lastUses : counts;
    kind.set(field.slice(1), value);
  }
  const parsed = storedBatch.parse({ ...Object.fromEntries(about), counts, lastUses });
  const { user: userId, day: dayNumber, ...batch } = parsed;
  const total = [...batch.counts.values()].reduce((sum, requests) => sum + requests, 0);
  const day = utcDayNumbered(dayNumber);
  return { addition: { ...batch, userId, day, isRepeated: true }, dayNumber, total };
}

/** Owners' usage in Redis, and the number of their requests in the current minute. */
export class RedisUsage implements SharedUsage {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #scripts: UsageScripts;
  /**
   * The id of this process. The batches of usage that the process begins, and its announcements,
   * contain it.
   */
  readonly #instance = randomBytes(8).toString('base64url');

  readonly #onUnreadable: (error: Error) => void;
  /** The groups in which the last call may have left due owners unclaimed. */
  readonly #full = new Set<number>();
  #waiting: WaitingRequest[] = [];

  /** @param onUnreadable called when an owner's usage cannot be read and was set aside. */
  constructor(
    link: RedisLink,
    clock: Clock,
    onUnreadable: (error: Error) => void,
    scripts: UsageScripts = usageScripts(defaultSharedUsageTimes),
  ) {
    this.#link = link;
    this.#clock = clock;
    this.#onUnreadable = onUnreadable;
    this.#scripts = scripts;
  }

  /**
   * Counts a verified request. Requests that arrive in the same turn of the event loop are counted
   * with one command.
   *
   * @param member the {@link counterKey} of the owner, if the caller knows it.
   * @returns `unknown` if Redis did not reply. The request must then not be counted again.
   */
  async count(
    request: VerifiedRequest,
    member = counterKey(request.userId),
  ): Promise<CountOutcome> {
    if (!this.#link.ready) return 'uncounted';
    const { promise, resolve } = Promise.withResolvers<CountOutcome>();
    if (this.#waiting.push({ request, member, resolve }) === 1)
      setImmediate(() => this.#countWaiting());
    return promise;
  }

  async claimDue(): Promise<readonly ClaimedBatch[]> {
    const instances = await this.#run(
      this.#scripts.announce,
      [`usage:${layout}:instances`],
      [this.#instance],
    );
    const share = lookingInstances / (Number(instances) || 1);
    const chosen = allGroups.filter((group) => this.#full.has(group) || Math.random() < share);
    const claimed = await Promise.all(chosen.map((group) => this.#claim(group)));
    return claimed.flat();
  }

  async claimOf(userId: string): Promise<ClaimedBatch | undefined> {
    const member = counterKey(userId);
    const found = await this.#run(this.#scripts.claimOwner, keysOf(member), [member]);
    const batch = batchReply.parse(found);
    return batch == null ? undefined : this.#parse(member, batch);
  }

  #countWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let index = 0; index < waiting.length; index += countedTogether)
      void this.#countTogether(waiting.slice(index, index + countedTogether));
  }

  /** Counts requests with one command. */
  async #countTogether(waiting: readonly WaitingRequest[]): Promise<void> {
    const keys = waiting.flatMap(({ member }) => keysOf(member));
    const args = waiting.flatMap(argumentsOf);
    const common = [this.#instance, this.#clock.now(), this.#server()];
    let outcomes: readonly CountOutcome[];
    try {
      const replies = await run(this.#link, this.#scripts.count, keys, [...common, ...args]);
      outcomes = countReplies.parse(replies).map(outcomeOf);
    } catch (error) {
      // If Redis refuses the script, it has counted nothing. Without a reply, the script may have
      // run.
      const outcome = error instanceof ErrorReply ? 'uncounted' : 'unknown';
      outcomes = waiting.map(() => outcome);
    }
    for (const [index, { resolve }] of waiting.entries()) resolve(outcomes[index] ?? 'unknown');
  }

  async #claim(group: number): Promise<ClaimedBatch[]> {
    const prefixes = ['account', 'open', 'closed'].map((kind) => `${prefixOf(group, kind)}:`);
    const args = [claimedOwners, ...prefixes];
    const found = await this.#run(this.#scripts.claimDue, [prefixOf(group, 'due')], args);
    const pairs = storedFields.parse(found ?? []);
    if (pairs.length >= 2 * claimedOwners) this.#full.add(group);
    else this.#full.delete(group);
    const batches = Array.from({ length: pairs.length / 2 }, (_, index) =>
      this.#parse(...(pairs.slice(2 * index, 2 * index + 2) as [string, string])),
    );
    return (await Promise.all(batches)).filter((batch) => batch !== undefined);
  }

  /**
   * Parses a batch of usage. If it cannot be parsed, sets it aside, so that the owner's next batch
   * can be claimed.
   */
  async #parse(member: string, text: string): Promise<ClaimedBatch | undefined> {
    try {
      const batch = parseBatch(text);
      const confirm = (totals: UsageTotals | undefined) => this.#confirm(member, batch, totals);
      return { addition: batch.addition, confirm };
    } catch {
      // The cause contains a part of the text, which may be a user id.
      if (text !== '') await this.#run(this.#scripts.setAside, keysOf(member), [member, text]);
      const name = `${prefixOf(groupOf(member), '*')}:${member}:unreadable:*`;
      this.#onUnreadable(new Error(`A value was set aside as ${name}`));
      return undefined;
    }
  }

  async #confirm(
    member: string,
    { addition: { number }, dayNumber, total }: ParsedBatch,
    totals: UsageTotals | undefined,
  ): Promise<void> {
    await this.#run(this.#scripts.confirm, keysOf(member), [
      number,
      dayNumber,
      total,
      member,
      this.#server(),
      ...(totals === undefined ? [] : [totals.day, totals.month]),
    ]);
  }

  /** Returns eight characters that identify the connected Redis server. */
  #server(): string {
    return serverCodes.memo(this.#link.server);
  }

  /** Runs a script. Resolves to undefined if Redis is unusable. */
  async #run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    if (!this.#link.ready) return undefined;
    return run(this.#link, script, keys, args).catch(() => undefined);
  }
}

/** Returns the arguments of {@link UsageScripts.count} for one request. */
function argumentsOf({ request, member }: WaitingRequest): readonly (string | number)[] {
  const { userId, name, serial, reported, read } = request;
  const { requestsPerMinute, requestsPerDay, requestsPerMonth } = request.limits;
  return [
    requestsPerMinute,
    requestsPerDay,
    requestsPerMonth,
    reported,
    member,
    userId,
    name,
    serial,
    read?.version ?? '',
    read?.day ?? '',
    read?.totals.day ?? '',
    read?.totals.month ?? '',
  ];
}

function outcomeOf(reply: unknown): CountOutcome {
  if (reply instanceof ErrorReply) return 'uncounted';
  const parsed = countReply.safeParse(reply);
  if (!parsed.success) return 'unknown';
  const [hits, left, added, exhausted, day, version] = parsed.data;
  return {
    hits,
    left,
    added,
    day,
    exhausted: exhaustedOf(exhausted, utcDayNumbered(day)),
    totalsWanted: version === '' ? undefined : version,
  };
}

function exhaustedOf(exhausted: number, day: string): ExhaustedQuota | undefined {
  if (exhausted === 2) return { period: 'month', endsAt: endOfMonth(day) };
  if (exhausted === 1) return { period: 'day', endsAt: endOfDay(day) };
  return undefined;
}
