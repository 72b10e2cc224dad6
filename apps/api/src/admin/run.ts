import { text } from 'node:stream/consumers';
import { printableJson } from '@andamio/schema/printable';
import { assertStoreExists, openStore } from '../process/open-store.ts';
import type { AdminProcess } from './admin-process.ts';
import type { Report } from './command.ts';
import { type Execution, parseCommandLine } from './command-line.ts';
import { isConfirmed } from './confirmation.ts';
import { describeError, exitCodes } from './errors.ts';
import { helpOn, versionText } from './help.ts';
import { createOutput, type Output } from './output.ts';
import { readAdminSettings } from './settings.ts';

/**
 * Time limit, in milliseconds, for the store to respond, so that operators see a failure within 10
 * s.
 */
const connectDeadline = 8_000;

interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** Executes a command on the store that the environment selects. Returns the exit code. */
async function execute(
  request: Execution,
  caller: AdminProcess,
  { stdout, stderr }: Outputs,
  pageFolder: string,
): Promise<number> {
  const settings = readAdminSettings(caller.env);
  await assertStoreExists(settings.store);
  const { peppers, storeName, isLive } = settings;
  await stderr.write(`Working on ${storeName}.\n`);
  const now = Date.now;
  const store = await openStore(settings.store, now);
  await store.check(connectDeadline);
  const print = ({ json, text: lines }: Report) =>
    stdout.write(`${request.asJson ? printableJson(json) : lines.join('\n')}\n`);
  const report = await request.execute({
    store,
    peppers,
    now,
    readInput: () => text(caller.stdin),
    print,
    async confirm(lines) {
      await stderr.write(`${lines.join('\n')}\n`);
      return isConfirmed(caller);
    },
    signals: caller,
    environment: caller.env,
    storeName,
    isLive,
    pageFolder,
  });
  await print(report);
  await store.close();
  return report.done ? exitCodes.done : exitCodes.notDone;
}

async function run(
  args: readonly string[],
  caller: AdminProcess,
  outputs: Outputs,
  pageFolder: string,
): Promise<number> {
  const isTerminal = caller.stdin.isTTY === true && caller.stderr.isTTY === true;
  const request = parseCommandLine(args, caller.env, isTerminal);
  if ('execute' in request) return await execute(request, caller, outputs, pageFolder);
  await outputs.stdout.write('help' in request ? helpOn(request.help) : versionText());
  return exitCodes.done;
}

/**
 * Runs an operator's command on the store that the environment selects.
 *
 * @param args the arguments after the program's path
 * @param caller the process whose streams, environment and signals the command uses
 * @param pageFolder the folder that contains the built page for operators
 * @returns the exit code. If the store did not respond, its client may still be retrying.
 */
export async function runAdmin(
  args: readonly string[],
  caller: AdminProcess,
  pageFolder: string,
): Promise<number> {
  const stdout = createOutput(caller.stdout);
  const stderr = createOutput(caller.stderr);
  let exitCode: number;
  try {
    exitCode = await run(args, caller, { stdout, stderr }, pageFolder);
    if (stdout.failure !== undefined) {
      await stderr.write(
        `The report could not be written (${stdout.failure}), but the command has completed.\n`,
      );
    }
  } catch (error) {
    const { reason, advice, ...described } = describeError(error);
    ({ exitCode } = described);
    await stderr.write(`${reason}${advice.terminal}\n`);
  }
  return (stdout.failure ?? stderr.failure) === undefined ? exitCode : exitCodes.output;
}
