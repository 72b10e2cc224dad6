import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { tiers } from '@andamio/schema/tiers';
import { redisCommands } from '@andamio/testing/redis-commands';
import { waitFor } from '@andamio/testing/wait-for';
import type { Bench } from '../harness/bench.ts';
import { closedLoop } from '../harness/load.ts';
import { withProcesses } from '../harness/processes.ts';
import { processorTimeOf } from '../harness/processor-time.ts';
import { issueKeys, serviceOnSqlite, verifyPath, verifyRequests } from '../harness/service.ts';
import type { ProcessorTimes } from './processor-times.ts';

/** A Redis server on this machine. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
}

/** The command `EVALSHA`: its name, the hash of a script, the number of keys, keys and values. */
type Command = readonly string[];

const firstKeyOf = (command: Command) => command[3] ?? '';

const countsUsage = (command: Command) => /^usage:.+:account:./.test(firstKeyOf(command));
const countsAddress = (command: Command) => firstKeyOf(command).startsWith('limit:address:');

/**
 * Returns the commands in lines of `MONITOR`. Other commands, such as `EVAL`, with which the service
 * sends a script that Redis does not know yet, are left out.
 */
const commandsIn = (lines: readonly string[]): Command[] =>
  lines
    .filter((line) => line.includes(' "EVALSHA" '))
    .map((line) =>
      [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, argument]) => argument as string),
    );

/** The commands for one verification whose key is not cached. */
interface RecordedCommands {
  readonly usage: Command;
  readonly address: readonly Command[];
}

/** Finds the commands of a verification. Undefined if some are absent. */
function verificationIn(lines: readonly string[]): RecordedCommands | undefined {
  const commands = commandsIn(lines);
  const usage = commands.find(countsUsage);
  // One command for each script, since several requests may have been recorded.
  const address = new Map(commands.filter(countsAddress).map((command) => [command[1], command]));
  return usage !== undefined && address.size === redisCommands.uncachedKey
    ? { usage, address: [...address.values()] }
    : undefined;
}

/** Records the commands that the service sends for a verification whose key is not cached. */
function recordVerification(bench: Bench, redis: RedisServer): Promise<RecordedCommands> {
  return withProcesses(bench, async ({ start }) => {
    const { url } = await start(serviceOnSqlite(bench, { REDIS_URL: redis.url }));
    const monitor = spawn('redis-cli', ['-p', `${redis.port}`, 'monitor']);
    let output = '';
    monitor.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const recorded = () => verificationIn(output.split('\n').slice(0, -1));
    try {
      await waitFor('the commands of a verification', async () => {
        const keys = await issueKeys(url, 1, 1, randomUUID());
        await closedLoop(url, verifyPath, verifyRequests(keys, 1));
        return recorded() !== undefined;
      });
      return recorded() as RecordedCommands;
    } finally {
      monitor.kill();
    }
  });
}

/** Limits that the recorded owner would exceed. A request above a limit takes less time. */
const limits = new Set(Object.values(tiers.enterprise).map(String));

/**
 * Sends a command again and again on many connections, as many instances would, and measures the
 * processor time that Redis needs for it, in microseconds.
 */
async function timeOf(command: Command, redis: RedisServer, amount: number): Promise<number> {
  const raised = command.map((argument) => (limits.has(argument) ? '1000000000' : argument));
  const options = ['-p', `${redis.port}`, '-c', '50', '-n', `${amount}`, '-q'];
  const before = processorTimeOf(redis.pid);
  await promisify(execFile)('redis-benchmark', [...options, ...raised]);
  return (processorTimeOf(redis.pid) - before) / amount;
}

/**
 * Measures the processor time of a busy Redis for the commands of a verification. Each command
 * counts one verification, since the verifications of an instance rarely arrive together. The
 * programs `redis-cli` and `redis-benchmark` are installed with Redis.
 */
export async function measureRedis(
  bench: Bench,
  redis: RedisServer,
): Promise<Pick<ProcessorTimes, 'redisVerification' | 'redisKeyRead'>> {
  const { usage, address } = await recordVerification(bench, redis);
  const amount = bench.amount(50_000);
  const redisVerification = await timeOf(usage, redis, amount);
  let redisKeyRead = 0;
  for (const command of address) redisKeyRead += await timeOf(command, redis, amount);
  return { redisVerification, redisKeyRead };
}
