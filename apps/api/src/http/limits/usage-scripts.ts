// The Lua scripts that count verified requests in Redis. Decision 37 describes the model.
//
// An owner has these keys. All of them are in the hash slot of the owner's group, so each script
// touches one slot.
//
// - limit: the requests of the current minute.
// - account, a hash: `day`, the number of the current UTC day since 1970; `stored_day` and
//   `stored_month`, the totals in the store, and `server`, the Redis server that they were given to;
//   `unstored_day` and `unstored_month`, the requests that are not in these totals; `number` and
//   `opened`, the number of the open batch and the time of its first request in milliseconds, or 0;
//   `last`, the last number; `confirmed`, the number of the last stored batch; `user`, the user id;
//   `instance`, the instance under which the store knows the batches.
// - open, a hash: the requests of the open batch by name, in fields that begin with `n`, and the
//   Unix minute of each secret's last request by serial, in fields that begin with `s`.
// - closed, a list: the closed batches as JSON, oldest first. No requests are added to them.
//
// Each group has a sorted set, due: the owners with an open or closed batch, by the time at which an
// instance may claim them, in milliseconds.
import { type Script, script } from './redis-script.ts';

const clock = (time: string) => `
local time = ${time}
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local function text(number) return string.format('%.0f', number) end
`;

/**
 * Numbers the month of a day. The years of the calculation begin in March, so that the leap day is
 * the last day of a year: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
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

/** Closes the open batch. cjson would round the number, so it is stored as text. */
const closing = `
local function close(open, closed, number, day)
  local fields = redis.call('HGETALL', open)
  local total = 0
  for index = 1, #fields, 2 do
    if fields[index]:sub(1, 1) == 'n' then total = total + fields[index + 1] end
  end
  redis.call('RPUSH', closed, cjson.encode({
    number = number, day = tonumber(day), total = total, fields = fields }))
  redis.call('DEL', open)
end
`;

/**
 * Counts a verified request, and the requests that a guard reports with it: first toward the
 * per-minute limit, then, if neither the limit nor a quota refuses the request, as usage.
 *
 * KEYS: limit, account, open, closed, due. ARGV: 1 window in milliseconds, 2 requests per minute,
 * 3 reported requests, 4 requests per day, 5 requests per month, 6 member of due, 7 user id, 8 name
 * of the key, 9 instance of a new account, 10 time of this process in milliseconds, 11 server,
 * 12 interval in milliseconds, 13 milliseconds for which an account without usage stays, 14 serial
 * of the secret; and if the process has read the stored totals, 15 `confirmed` at the time, 16 day,
 * 17 total of the day, 18 total of the month.
 *
 * Returns the requests of this minute, the milliseconds that are left of it, the number of reported
 * requests that were counted, the exhausted quota (0 none, 1 day, 2 month), the day, and
 * `confirmed` if the process should read the stored totals.
 *
 * The owner's day is that of the server's clock. A clock that was set back has no effect until the
 * open batch is closed. A limit with more time left than one window was created before the clock
 * was set back, so it is reset.
 *
 * The totals that a process has read replace those of the account if these are not known to be
 * current, unless a batch was stored after they were read.
 */
const count = (time: string) =>
  script(`${clock(time)}${calendar}${closing}
local window, per_minute = tonumber(ARGV[1]), tonumber(ARGV[2])
local left, hits = redis.call('PTTL', KEYS[1]), 1
if left <= 0 or left > window then
  redis.call('SET', KEYS[1], 1, 'PX', window)
  left = window
else
  hits = redis.call('INCR', KEYS[1])
end
if hits > per_minute then return { hits, left, 0, 0, 0, '' } end

local account = redis.call('HMGET', KEYS[2], 'day', 'number', 'stored_day', 'stored_month',
  'unstored_day', 'unstored_month', 'server', 'confirmed', 'last')
local day, number = tonumber(account[1]), account[2] or '0'
local stored_day, stored_month = tonumber(account[3] or 0), tonumber(account[4] or 0)
local unstored_day, unstored_month = tonumber(account[5] or 0), tonumber(account[6] or 0)
local server, confirmed = account[7], account[8] or '0'
local changed = false

local today = math.floor(now / 86400000)
if day and today < day and number ~= '0' then today = day end
if day ~= today then
  if number ~= '0' then
    close(KEYS[3], KEYS[4], number, day)
    number = '0'
    redis.call('ZADD', KEYS[5], now, ARGV[6])
  end
  if not day or today < day then server = false end
  if not day or month_of(day) ~= month_of(today) then stored_month, unstored_month = 0, 0 end
  day, stored_day, unstored_day, changed = today, 0, 0, true
end

local is_known = server == ARGV[11]
if ARGV[15] == confirmed and tonumber(ARGV[16]) == day
    and (not is_known or number == '0' and unstored_month == 0) then
  stored_day, stored_month = tonumber(ARGV[17]), tonumber(ARGV[18])
  server, is_known, changed = ARGV[11], true, true
  if redis.call('PTTL', KEYS[2]) > 0 then redis.call('PEXPIRE', KEYS[2], ARGV[13]) end
end

local exhausted, added = 0, 0
if stored_month + unstored_month >= tonumber(ARGV[5]) then
  exhausted = 2
elseif stored_day + unstored_day >= tonumber(ARGV[4]) then
  exhausted = 1
else
  added = math.min(tonumber(ARGV[3]), per_minute - hits)
  if added > 0 then redis.call('INCRBY', KEYS[1], added) end
  if number == '0' then
    number = text(math.max(tonumber(account[9] or 0) + 1, micros, tonumber(ARGV[10]) * 1000))
    redis.call('HSETNX', KEYS[2], 'instance', ARGV[9])
    redis.call('HSET', KEYS[2], 'user', ARGV[7], 'opened', text(now), 'last', number)
    redis.call('PERSIST', KEYS[2])
    redis.call('ZADD', KEYS[5], 'NX', now + tonumber(ARGV[12]), ARGV[6])
    changed = true
  end
  redis.call('HINCRBY', KEYS[3], 'n' .. ARGV[8], 1 + added)
  redis.call('HSET', KEYS[3], 's' .. ARGV[14], math.floor(now / 60000))
  unstored_day, unstored_month = unstored_day + 1 + added, unstored_month + 1 + added
end

if changed then
  redis.call('HSET', KEYS[2], 'day', day, 'number', number, 'stored_day', stored_day,
    'stored_month', stored_month, 'server', server or '', 'unstored_day', unstored_day,
    'unstored_month', unstored_month)
elseif exhausted == 0 then
  redis.call('HSET', KEYS[2], 'unstored_day', unstored_day, 'unstored_month', unstored_month)
end
local reads = not is_known or exhausted > 0
return { hits, left, added, exhausted, day, reads and confirmed or '' }
`);

/**
 * Claims due owners: closes the open batch of each unless an older batch is closed, and returns the
 * oldest closed batch.
 *
 * KEYS: due. ARGV: 1 duration of a claim in milliseconds, 2 maximum number of owners, 3 and 4 and 5
 * the prefixes of the keys account, open and closed, 6 latest time in milliseconds from now at which
 * an owner can be due. A later time was set before the server's clock was set back.
 *
 * Returns a list of member, user id, instance and batch for each owner, concatenated.
 */
const claimDue = (time: string) =>
  script(`${clock(time)}${closing}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
if #due == 0 then
  local latest = now + tonumber(ARGV[6])
  due = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. text(latest), '+inf', 'LIMIT', 0, ARGV[2])
end
local claimed = {}
for _, member in ipairs(due) do
  local account, open, closed = ARGV[3] .. member, ARGV[4] .. member, ARGV[5] .. member
  local fields = redis.call('HMGET', account, 'user', 'instance', 'number', 'day')
  local batch = redis.call('LINDEX', closed, 0)
  if not batch and redis.call('EXISTS', open) == 1 and fields[4] then
    close(open, closed, fields[3], fields[4])
    redis.call('HSET', account, 'number', '0', 'opened', 0)
    batch = redis.call('LINDEX', closed, 0)
  end
  if batch and fields[1] then
    redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), member)
    for _, value in ipairs({ member, fields[1], fields[2], batch }) do
      claimed[#claimed + 1] = value
    end
  else
    redis.call('ZREM', KEYS[1], member)
  end
end
return claimed
`);

/**
 * Claims one owner, even if another instance has claimed the owner.
 *
 * KEYS: account, open, closed, due. ARGV: 1 duration of a claim in milliseconds, 2 member of due,
 * 3 minimum age of an open batch in milliseconds.
 *
 * Returns user id, instance and batch, or an empty list.
 */
const claimOwner = (time: string) =>
  script(`${clock(time)}${closing}
local fields = redis.call('HMGET', KEYS[1], 'user', 'instance', 'number', 'day', 'opened')
local batch = redis.call('LINDEX', KEYS[3], 0)
if not batch and (fields[3] or '0') ~= '0' and now - fields[5] >= tonumber(ARGV[3]) then
  close(KEYS[2], KEYS[3], fields[3], fields[4])
  redis.call('HSET', KEYS[1], 'number', '0', 'opened', 0)
  batch = redis.call('LINDEX', KEYS[3], 0)
end
if not batch or not fields[1] then return {} end
redis.call('ZADD', KEYS[4], now + tonumber(ARGV[1]), ARGV[2])
return { fields[1], fields[2], batch }
`);

/**
 * Removes the oldest closed batch if it has the given number, and notes the totals that the store
 * returned. The account stays for a while, so that the totals need not be read again.
 *
 * KEYS: account, open, closed, due. ARGV: 1 number of the batch, 2 member of due, 3 interval in
 * milliseconds, 4 milliseconds for which an account without usage stays, 5 server; and unless the
 * batch was given up, 6 total of its day, 7 total of its month.
 */
const confirm = (time: string) =>
  script(`${clock(time)}${calendar}
local head = redis.call('LINDEX', KEYS[3], 0)
local batch = head and cjson.decode(head)
if not batch or batch.number ~= ARGV[1] then return 0 end
redis.call('LPOP', KEYS[3])
local fields = redis.call('HMGET', KEYS[1], 'day', 'number', 'opened', 'stored_day', 'stored_month',
  'unstored_day', 'unstored_month', 'server')
local day, stored_day, stored_month = tonumber(fields[1] or batch.day), fields[4], fields[5]
local unstored_day, unstored_month = tonumber(fields[6] or 0), tonumber(fields[7] or 0)
local server = fields[8] or ''
if batch.day == day then
  unstored_day = math.max(0, unstored_day - batch.total)
  stored_day, server = ARGV[6] or stored_day or 0, ARGV[6] and ARGV[5] or ''
end
if month_of(batch.day) == month_of(day) then
  unstored_month = math.max(0, unstored_month - batch.total)
  stored_month = ARGV[7] or stored_month or 0
end
redis.call('HSET', KEYS[1], 'stored_day', stored_day, 'stored_month', stored_month,
  'unstored_day', unstored_day, 'unstored_month', unstored_month, 'server', server,
  'confirmed', ARGV[1])
if redis.call('LLEN', KEYS[3]) > 0 then
  redis.call('ZADD', KEYS[4], now, ARGV[2])
elseif (fields[2] or '0') ~= '0' then
  redis.call('ZADD', KEYS[4], fields[3] + tonumber(ARGV[3]), ARGV[2])
else
  redis.call('ZREM', KEYS[4], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
`);

export interface UsageScripts {
  readonly count: Script;
  readonly claimDue: Script;
  readonly claimOwner: Script;
  readonly confirm: Script;
}

/**
 * Creates the scripts.
 *
 * @param time a Lua expression for the current time, in the form in which `TIME` returns it.
 */
export function usageScripts(time = "redis.call('TIME')"): UsageScripts {
  return {
    count: count(time),
    claimDue: claimDue(time),
    claimOwner: claimOwner(time),
    confirm: confirm(time),
  };
}
