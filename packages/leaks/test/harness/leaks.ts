import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const repository = resolve(import.meta.dirname, '../../../..');

/** pnpm: the one that runs the tests, or one that npx brings. */
const [pnpm, ...pnpmArguments] = process.env['npm_config_user_agent']?.startsWith('pnpm')
  ? (['pnpm'] as const)
  : (['npx', '--yes', 'pnpm@12'] as const);

/** What a run of the command printed, and how it ended. */
export interface Run {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

async function run(command: string, args: readonly string[], input: string): Promise<Run> {
  const child = spawn(command, args, { cwd: repository, timeout: 60_000 });
  child.stdin.on('error', () => {}); // It may end without having read.
  child.stdin.end(input);
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { out, err, code };
}

/** Runs the command as a user does, in the repository's root. */
export function leaks(args: readonly string[], input = ''): Promise<Run> {
  return run(pnpm, [...pnpmArguments, 'leaks', ...args], input);
}

/** Runs it without pnpm, and prints the most memory that it had, in bytes, at the end of standard error. */
export async function memoryOf(args: readonly string[]): Promise<Run & { readonly memory: number }> {
  const report = `process.on('exit', () => process.stderr.write('\\n' + process.resourceUsage().maxRSS))`;
  const main = resolve(import.meta.dirname, '../../main.ts');
  const ended = await run(process.execPath, ['--import', `data:text/javascript,${report}`, main, ...args], '');
  return { ...ended, memory: Number(ended.err.split('\n').at(-1)) * 1024 };
}
