import { ErrorReply } from 'redis';
import { type Connection, script } from './redis-script.ts';

/** The names of the Redis keys on which the probe runs its commands. */
const probeKeys = ['limit:probe', 'usage:probe'];

/**
 * Runs each command that the scripts may run. Each command finds a value of the type that it
 * requires. A value that an interrupted probe leaves behind expires.
 */
const everyCommand = script(`
local key, other = KEYS[1], KEYS[1] .. ':other'
redis.call('DEL', key, other)
redis.call('SET', key, 1, 'PX', 10000)
redis.call('GET', key)
redis.call('INCR', key)
redis.call('DECR', key)
redis.call('PTTL', key)
redis.call('EXISTS', key)
redis.call('TYPE', key)
redis.call('DEL', key)
redis.call('HSET', key, 'field', 1)
redis.call('PEXPIRE', key, 10000)
redis.call('HINCRBY', key, 'field', 1)
redis.call('HGET', key, 'field')
redis.call('HEXISTS', key, 'field')
redis.call('HGETALL', key)
redis.call('RENAME', key, other)
redis.call('DEL', other)
redis.call('RPUSH', key, 'value')
redis.call('PEXPIRE', key, 10000)
redis.call('LINDEX', key, 0)
redis.call('LLEN', key)
redis.call('LPOP', key)
redis.call('ZADD', key, 1, 'member')
redis.call('PEXPIRE', key, 10000)
redis.call('ZRANGEBYSCORE', key, '-inf', 1)
redis.call('ZCARD', key)
redis.call('ZREM', key, 'member')
redis.call('ZREMRANGEBYSCORE', key, '-inf', 1)
redis.call('TIME')
return 1
`);

/** Returns the commands that a script runs, in lowercase and without duplicates. */
export function commandsOf({ text }: { readonly text: string }): string[] {
  const found = text.matchAll(/redis\.p?call\('([A-Z]+)'/g);
  return [...new Set([...found].map(([, command = '']) => command.toLowerCase()))];
}

/**
 * The rules of a Redis user that has only the permissions that the service needs, in the syntax of
 * `ACL SETUSER` (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/). The
 * service uses INFO to notice that another server has replaced the previous one after a failover.
 */
export const redisPermissions = [
  ...['~limit:*', '~usage:*'],
  ...['eval', 'evalsha', 'info', ...commandsOf(everyCommand)].map((command) => `+${command}`),
].join(' ');

/**
 * Runs the commands that counting requests needs. Without the probe, the service would connect as a
 * user that lacks a permission, fail at the first request and connect again, forever.
 *
 * @throws {@link ErrorReply} if Redis refuses a command.
 */
export async function probeRedis({ send }: Connection): Promise<void> {
  const { text, sha1 } = everyCommand;
  for (const key of probeKeys) {
    await send('EVALSHA', sha1, '1', key).catch((error: unknown) => {
      if (!(error instanceof ErrorReply && error.message.startsWith('NOSCRIPT'))) throw error;
    });
    await send('EVAL', text, '1', key);
  }
}
