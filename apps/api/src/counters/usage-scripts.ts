// The Lua scripts that count verified requests in Redis. Decision 37 describes the model.
//
// An owner has these keys. All of them are in the hash slot of the owner's group. Each script
// touches one slot, except the one that counts, which touches the slots of all its requests.
//
// - account, a string: the limit per minute, the totals and the number of the open batch. It has a
//   binary form, because it is read and written for each request.
// - open, a hash: the open batch. Fields that begin with `n` contain the number of requests by key
//   name. Fields that begin with `s` contain the Unix minute of each secret's last request, by
//   serial. `=number`, `=day` (in days since 1970), `=user`, `=instance` and `=opened` (in
//   milliseconds) describe the batch.
// - closed, a list: the closed batches, oldest first, each a JSON array of the fields and values of
//   an open batch. No requests are added to a closed batch.
//
// Each group has a sorted set, due: the owners with an open or closed batch, by the time at which
// an instance may claim them, in milliseconds.
//
// All groups together have a sorted set, instances: the processes that look for due usage, by the
// time at which their announcement ends.
import { usageInterval } from '@andamio/keys/usage/meter';
import { type Script, script } from './redis-script.ts';

/** Times of shared usage, in milliseconds. */
export interface SharedUsageTimes {
  /** Length of the window of the rate limit. */
  readonly window: number;
  /** Time from the first request of a batch of usage until the batch is due to be stored. */
  readonly interval: number;
  /**
   * Duration of a claim. It is longer than a call to the store, so that usually only one instance
   * stores a batch.
   */
  readonly claim: number;
  /** Minimum age of an owner's open batch for it to be stored when the owner's usage is read. */
  readonly minimumAge: number;
  /** Time for which an account without unstored usage is kept. */
  readonly retention: number;
}

export interface UsageScripts {
  /**
   * Counts verified requests of any number of owners. A request counts together with the requests
   * that a guard reports with it. All of them count toward the limit. If neither the limit nor a
   * quota refuses the request, they also count as usage.
   *
   * KEYS of each request: account, open, closed, due. ARGV: 1 instance of new batches, 2 time of
   * this process in milliseconds, 3 server, eight characters. Then {@link countArguments} values
   * for each request: requests per minute, requests per day, requests per month, reported requests,
   * member of due, user id, name of the key, serial of the secret. The last four values are the
   * version for which the process has read the stored totals, the day of these totals, the total of
   * the day and the total of the month. They are empty strings if the process has not read the
   * totals.
   *
   * Returns for each request the requests of this minute, the milliseconds left in it, the number
   * of reported requests that were counted, the exhausted quota (0 none, 1 day, 2 month), the day,
   * and a version if the process should read the stored totals, or else an empty string. If a
   * request fails, returns an error reply in its place, and the request has written no usage.
   */
  readonly count: Script;
  /**
   * Claims owners whose usage is due to be stored, and returns the oldest closed batch of each. If
   * an owner has no closed batch, closes the open batch first.
   *
   * KEYS: due. ARGV: 1 maximum number of owners, 2 and 3 and 4 the prefixes of the keys account,
   * open and closed. Returns pairs of a member and a batch, concatenated. The batch is an empty
   * string if a key of the owner had the wrong type and was set aside.
   */
  readonly claimDue: Script;
  /**
   * Claims one owner, even if another instance has claimed the owner.
   *
   * KEYS: account, open, closed, due. ARGV: 1 member of due. Returns the batch; null if there is
   * none; or an empty string if a key of the owner had the wrong type and was set aside.
   */
  readonly claimOwner: Script;
  /**
   * Removes the oldest closed batch if it has the given number. Writes the totals that the store
   * returned to the account. The account is kept for `retention`, so that the totals need not be
   * read again.
   *
   * KEYS: account, open, closed, due. ARGV: 1 number of the batch, 2 day of the batch, 3 requests
   * in the batch, 4 member of due, 5 server; and unless the batch was given up, 6 total of its day,
   * 7 total of its month.
   */
  readonly confirm: Script;
  /**
   * Sets aside the oldest closed batch if it is the given one. The batch is kept for {@link
   * setAsideFor}.
   *
   * KEYS: account, open, closed, due. ARGV: 1 member of due, 2 batch.
   */
  readonly setAside: Script;
  /**
   * Records that a process looks for due usage. Returns the number of processes that were recorded
   * within the last {@link announcedFor}.
   *
   * KEYS: instances. ARGV: 1 id of the process.
   */
  readonly announce: Script;
}

/** Number of arguments of {@link UsageScripts.count} for each request. */
const countArguments = 12;

/**
 * Time, in milliseconds, for which a process counts as running after its announcement: three times
 * the interval at which processes look for due usage.
 */
const announcedFor = 3 * usageInterval;

/**
 * Time, in milliseconds, for which unreadable data is kept in Redis, under its key's name with the
 * suffix `:unreadable:` and the time in microseconds.
 */
const setAsideFor = 7 * 86_400_000;

/**
 * Lua functions that read and write an account: what Redis keeps about an owner's requests and
 * usage. A value that is not an account is treated like an account that was evicted. The fields of
 * an account:
 *
 * - `ends` and `hits`: the end of the window in milliseconds, and the requests in the window
 * - `day`: the owner's current day
 * - `number` and `last`: the number of the open batch, or 0, and the last number
 * - `stored_day` and `stored_month`: the totals in the store
 * - `server`: the Redis server to which these totals were passed
 * - `unstored_day` and `unstored_month`: the requests that these totals do not include
 * - `version`: the number of the last stored batch
 * - `minute` and `serial`: the Unix minute of the last request, and the serial of its secret
 */
const accounts = `
local layout = '>ddddddddddd'
local unknown = '        '
local function load(key)
  local stored = redis.pcall('GET', key)
  if type(stored) ~= 'string' or #stored < struct.size(layout) + 8 then
    return { ends = 0, hits = 0, day = 0, number = 0, last = 0, stored_day = 0, stored_month = 0,
      unstored_day = 0, unstored_month = 0, version = 0, minute = 0, server = unknown, serial = '' }
  end
  local ends, hits, day, number, last, stored_day, stored_month, unstored_day, unstored_month,
    version, minute, next = struct.unpack(layout, stored)
  return { ends = ends, hits = hits, day = day, number = number, last = last,
    stored_day = stored_day, stored_month = stored_month, unstored_day = unstored_day,
    unstored_month = unstored_month, version = version, minute = minute,
    server = stored:sub(next, next + 7), serial = stored:sub(next + 8) }
end
local function save(key, account, has_closed)
  local content = struct.pack(layout, account.ends, account.hits, account.day, account.number,
    account.last, account.stored_day, account.stored_month, account.unstored_day,
    account.unstored_month, account.version, account.minute) .. account.server .. account.serial
  if has_closed or account.number ~= 0 or account.unstored_month > 0 then
    redis.call('SET', key, content)
  else redis.call('SET', key, content, 'PX', retention) end
end
local function text(number) return string.format('%.0f', number) end
`;

/**
 * A Lua function that returns the number of the month that contains a day. In the calculation,
 * years begin in March, so that the leap day is the last day of a year:
 * https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
const calendar = `
local floor = math.floor
local function month_of(day)
  local days = day + 719468
  local era = floor(days / 146097)
  local of_era = days - era * 146097
  local year =
    floor((of_era - floor(of_era / 1460) + floor(of_era / 36524) - floor(of_era / 146096)) / 365)
  local of_year = of_era - (365 * year + floor(year / 4) - floor(year / 100))
  return (era * 400 + year) * 12 + floor((5 * of_year + 2) / 153)
end
`;

/**
 * A Lua function that moves an owner's open batch of usage to the closed batches. If the open batch
 * was evicted, there is nothing to move.
 */
const closing = `
local function close(account, open, closed)
  local fields = redis.call('HGETALL', open)
  if #fields > 0 then redis.call('RPUSH', closed, cjson.encode(fields)) end
  redis.call('DEL', open)
  account.number = 0
end
`;

/**
 * A Lua function that sets aside an owner's open batch, closed batches, or both, if their Redis key
 * has the wrong type. It returns whether a key was set aside.
 */
const repairing = `
local function aside_of(key) return key .. ':unreadable:' .. text(micros) end
local function repair(open, closed)
  local is_repaired = false
  for key, kind in pairs({ [open] = 'hash', [closed] = 'list' }) do
    local actual = redis.call('TYPE', key).ok
    if actual ~= kind and actual ~= 'none' then
      redis.call('RENAME', key, aside_of(key))
      redis.call('PEXPIRE', aside_of(key), aside)
      is_repaired = true
    end
  end
  return is_repaired
end
`;

/** A Lua function that determines when an instance may claim an owner's next batch of usage. */
const scheduling = `
local function schedule(account, open, closed, due, member)
  if redis.call('LLEN', closed) > 0 then
    redis.call('ZADD', due, text(now), member)
  elseif account.number ~= 0 then
    local opened = redis.call('HGET', open, '=opened') or now
    redis.call('ZADD', due, text(opened + interval), member)
  else
    redis.call('ZREM', due, member)
  end
end
`;

/**
 * The script {@link UsageScripts.count}. The server's clock determines the owner's day. If the
 * clock is set back, the day changes only after the open batch is closed. A window with more time
 * left than its length began before the clock was set back, so a new window replaces it.
 *
 * Totals that a process has read replace the totals in the account if those may be outdated. Totals
 * that were read before the latest batch was stored are ignored.
 *
 * If the open batch is missing, for example because it was evicted, its requests are lost and a new
 * batch begins.
 *
 * An error concerns only one request. The others are counted.
 */
const count = `
local instance, process_time, server, values = ARGV[1], tonumber(ARGV[2]), ARGV[3], ${countArguments}
local function count(first, key, open, closed, due)
  local per_minute, per_day, per_month, reported, member, user, name, serial, read_version, read_day,
    read_total_of_day, read_total_of_month = unpack(ARGV, first, first + values - 1)
  per_minute, reported = tonumber(per_minute), tonumber(reported)
  local account = load(key)
  local left = account.ends - now
  if left <= 0 or left > window then
    left, account.hits, account.ends = window, 0, now + window
  end
  account.hits = account.hits + 1
  local hits = account.hits
  if hits > per_minute then
    save(key, account)
    return { hits, left, 0, 0, 0, '' }
  end

  local today = math.floor(now / 86400000)
  if today < account.day and account.number ~= 0 then today = account.day end
  if account.day ~= today then
    if account.number ~= 0 then
      close(account, open, closed)
      redis.call('ZADD', due, now, member)
    end
    if account.day == 0 or today < account.day then account.server = unknown end
    if month_of(account.day) ~= month_of(today) then
      account.stored_month, account.unstored_month = 0, 0
    end
    account.day, account.stored_day, account.unstored_day = today, 0, 0
  end

  local version = text(account.version)
  local is_known = account.server == server
  if read_version == version and tonumber(read_day) == account.day
      and (not is_known or account.number == 0 and account.unstored_month == 0) then
    account.stored_day, account.stored_month = tonumber(read_total_of_day), tonumber(read_total_of_month)
    account.server, is_known = server, true
  end

  local exhausted, added = 0, 0
  if account.stored_month + account.unstored_month >= tonumber(per_month) then
    exhausted = 2
  elseif account.stored_day + account.unstored_day >= tonumber(per_day) then
    exhausted = 1
  else
    added = math.min(reported, per_minute - hits)
    local requests = redis.call('HINCRBY', open, 'n' .. name, 1 + added)
    if account.number ~= 0 and requests == 1 + added
        and redis.call('HEXISTS', open, '=number') == 0 then
      account.number, account.unstored_day, account.unstored_month, account.server = 0, 0, 0, unknown
    end
    if account.number == 0 then
      account.number = math.max(account.last + 1, micros, process_time * 1000)
      account.last = account.number
      redis.call('HSET', open, '=number', text(account.number), '=day', account.day,
        '=user', user, '=instance', instance, '=opened', text(now))
      redis.call('ZADD', due, 'NX', text(now + interval), member)
      account.serial = ''
    end
    local minute = math.floor(now / 60000)
    if account.minute ~= minute or account.serial ~= serial then
      redis.call('HSET', open, 's' .. serial, minute)
      account.minute, account.serial = minute, serial
    end
    account.hits = hits + added
    account.unstored_day = account.unstored_day + 1 + added
    account.unstored_month = account.unstored_month + 1 + added
  end
  save(key, account)
  local reads = not is_known or exhausted > 0
  return { hits, left, added, exhausted, account.day, reads and version or '' }
end

local counts = {}
for request = 1, #KEYS / 4 do
  local is_counted, result = pcall(count, 4 + (request - 1) * values,
    unpack(KEYS, 4 * request - 3, 4 * request))
  counts[request] = is_counted and result
    or { err = tostring(type(result) == 'table' and result.err or result) }
end
return counts
`;

/**
 * The script {@link UsageScripts.claimDue}. If no owner is due, it claims owners whose due time is
 * too far in the future. Such a time was set before the server's clock was set back.
 */
const claimDue = `
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
if #due == 0 then
  local latest = now + math.max(claim, interval)
  due = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. text(latest), '+inf', 'LIMIT', 0, ARGV[1])
end
local claimed = {}
for _, member in ipairs(due) do
  local key, open, closed = ARGV[2] .. member, ARGV[3] .. member, ARGV[4] .. member
  if repair(open, closed) then
    claimed[#claimed + 1] = member
    claimed[#claimed + 1] = ''
  end
  if redis.call('EXISTS', closed) == 0 and redis.call('EXISTS', open) == 1 then
    local account = load(key)
    close(account, open, closed)
    save(key, account, true)
  end
  local batch = redis.call('LINDEX', closed, 0)
  if batch then
    redis.call('ZADD', KEYS[1], text(now + claim), member)
    claimed[#claimed + 1] = member
    claimed[#claimed + 1] = batch
  else
    redis.call('ZREM', KEYS[1], member)
  end
end
return claimed
`;

const claimOwner = `
if repair(KEYS[2], KEYS[3]) then return '' end
local batch = redis.call('LINDEX', KEYS[3], 0)
if not batch then
  local opened = redis.call('HGET', KEYS[2], '=opened')
  if not opened or now - opened < minimum_age then return false end
  local account = load(KEYS[1])
  close(account, KEYS[2], KEYS[3])
  save(KEYS[1], account, true)
  batch = redis.call('LINDEX', KEYS[3], 0)
end
redis.call('ZADD', KEYS[4], text(now + claim), ARGV[1])
return batch
`;

const confirm = `
local head = redis.call('LINDEX', KEYS[3], 0)
if not head then return 0 end
local fields, number = cjson.decode(head), ''
for index = 1, #fields, 2 do
  if fields[index] == '=number' then number = fields[index + 1] end
end
if number ~= ARGV[1] then return 0 end
redis.call('LPOP', KEYS[3])
local account, day, total = load(KEYS[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if day == account.day then
  account.unstored_day = math.max(0, account.unstored_day - total)
  account.stored_day = tonumber(ARGV[6] or account.stored_day)
  account.server = ARGV[6] and ARGV[5] or unknown
end
if month_of(day) == month_of(account.day) then
  account.unstored_month = math.max(0, account.unstored_month - total)
  account.stored_month = tonumber(ARGV[7] or account.stored_month)
end
account.version = tonumber(ARGV[1])
schedule(account, KEYS[2], KEYS[3], KEYS[4], ARGV[4])
save(KEYS[1], account)
return 1
`;

/**
 * The script {@link UsageScripts.setAside}. The totals in the account include an unknown number of
 * requests of the batch. The totals are therefore read from the store again.
 */
const setAside = `
if redis.call('LINDEX', KEYS[3], 0) ~= ARGV[2] then return 0 end
redis.call('RPUSH', aside_of(KEYS[3]), ARGV[2])
redis.call('PEXPIRE', aside_of(KEYS[3]), aside)
redis.call('LPOP', KEYS[3])
local account = load(KEYS[1])
account.server, account.unstored_day, account.unstored_month = unknown, 0, 0
schedule(account, KEYS[2], KEYS[3], KEYS[4], ARGV[1])
save(KEYS[1], account)
return 1
`;

/**
 * The script {@link UsageScripts.announce}. It adds the announcement of a process. It removes
 * announcements that have ended, and announcements that end too late, because they were made before
 * the server's clock was set back.
 */
const announce = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. text(now + announced), '+inf')
redis.call('ZADD', KEYS[1], text(now + announced), ARGV[1])
redis.call('PEXPIRE', KEYS[1], announced)
return redis.call('ZCARD', KEYS[1])
`;

/**
 * Creates the Redis scripts that count requests together, and that claim and confirm batches of
 * usage.
 *
 * @param time a Lua expression for the current time, in the form in which `TIME` returns it.
 */
export function usageScripts(times: SharedUsageTimes, time = "redis.call('TIME')"): UsageScripts {
  const { window, interval, claim, minimumAge, retention } = times;
  const head = `
local window, interval, claim, minimum_age, retention, aside, announced =
  ${window}, ${interval}, ${claim}, ${minimumAge}, ${retention}, ${setAsideFor}, ${announcedFor}
local time = ${time}
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
${accounts}${closing}${repairing}${scheduling}${calendar}`;
  return {
    count: script(head + count),
    claimDue: script(head + claimDue),
    claimOwner: script(head + claimOwner),
    confirm: script(head + confirm),
    setAside: script(head + setAside),
    announce: script(head + announce),
  };
}
