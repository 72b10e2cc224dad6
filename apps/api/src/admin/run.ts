import { text } from 'node:stream/consumers';
import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { printableJson } from '@andamio/schema/printable';
import { assertStoreExists, openStore } from '../process/open-store.ts';
import { SettingsError } from '../settings.ts';
import type { AdminProcess } from './admin-process.ts';
import { type Report, UsageError } from './command.ts';
import { type Execution, parseCommandLine } from './command-line.ts';
import { isConfirmed } from './confirmation.ts';
import { reasonOf } from './errors.ts';
import { helpOn, versionText } from './help.ts';
import { createOutput, type Output } from './output.ts';
import { readAdminSettings } from './settings.ts';

/** The exit codes of `admin.js`. Codes from 64 on are those of sysexits.h. */
const exitCodes = {
  done: 0,
  notDone: 1,
  usage: 64,
  unavailable: 69,
  software: 70,
  output: 74,
  settings: 78,
} as const;

/**
 * Time limit, in milliseconds, for the store to respond, so that operators see a failure within 10
 * s.
 */
const connectDeadline = 8_000;

/** Returns the exit code and the message for an error. The message contains no secret. */
function describeError(error: unknown): { readonly exitCode: number; readonly message: string } {
  const { message } = error as Error;
  const why = reasonOf(error);
  if (error instanceof UsageError)
    return { exitCode: exitCodes.usage, message: `${message} See --help.` };
  if (error instanceof SettingsError) return { exitCode: exitCodes.settings, message };
  if (error instanceof OutcomeUnknownError) {
    return {
      exitCode: exitCodes.unavailable,
      message: `${why}\nThe change may have been made. Run the command again.`,
    };
  }
  if (error instanceof StoreUnavailableError) {
    return {
      exitCode: exitCodes.unavailable,
      message: `${why}\nRun the command again once the store responds.`,
    };
  }
  return { exitCode: exitCodes.software, message: why };
}

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
    const { message, ...described } = describeError(error);
    ({ exitCode } = described);
    await stderr.write(`${message}\n`);
  }
  return (stdout.failure ?? stderr.failure) === undefined ? exitCode : exitCodes.output;
}
