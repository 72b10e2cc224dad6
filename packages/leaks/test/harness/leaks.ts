import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const repository = resolve(import.meta.dirname, '../../../..');

/** The command that runs pnpm: the pnpm that started the tests, or else `npx pnpm`. */
const [pnpm, ...pnpmArguments] = process.env['npm_config_user_agent']?.startsWith('pnpm')
  ? (['pnpm'] as const)
  : (['npx', '--yes', 'pnpm@12'] as const);

/** The output and exit code of the command. */
export interface Run {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

async function run(command: string, args: readonly string[], input: string): Promise<Run> {
  const child = spawn(command, args, { cwd: repository, timeout: 60_000 });
  child.stdin.on('error', () => {}); // The command may exit without reading its input.
  child.stdin.end(input);
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { out, err, code };
}

/** Runs the command in the root of the repository, as a user would. */
export function leaks(args: readonly string[], input = ''): Promise<Run> {
  return run(pnpm, [...pnpmArguments, 'leaks', ...args], input);
}

/**
 * Runs the command without pnpm. Also returns the command's peak memory in bytes, which a preloaded
 * module prints at the end of standard error.
 */
export async function memoryOf(
  args: readonly string[],
): Promise<Run & { readonly memory: number }> {
  const report = `process.on('exit', () => process.stderr.write('\\n' + process.resourceUsage().maxRSS))`;
  const main = resolve(import.meta.dirname, '../../main.ts');
  const ended = await run(
    process.execPath,
    ['--import', `data:text/javascript,${report}`, main, ...args],
    '',
  );
  return { ...ended, memory: Number(ended.err.split('\n').at(-1)) * 1024 };
}
