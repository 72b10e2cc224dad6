import { text } from 'node:stream/consumers';
import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { assertStoreExists, openStore } from '../process/open-store.ts';
import { SettingsError } from '../settings.ts';
import { type Report, UsageError } from './command.ts';
import { parseCommandLine, type Request } from './command-line.ts';
import { reasonOf } from './errors.ts';
import { helpOn, versionText } from './help.ts';
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

async function execute(request: Request, pageFolder: string): Promise<number> {
  if ('help' in request || 'version' in request) {
    process.stdout.write('help' in request ? helpOn(request.help) : versionText());
    return exitCodes.done;
  }
  const settings = readAdminSettings();
  await assertStoreExists(settings.store);
  process.stderr.write(`Working on ${settings.storeName}.\n`);
  const now = Date.now;
  const store = await openStore(settings.store, now);
  await store.check(connectDeadline);
  const readInput = () => text(process.stdin);
  const print = ({ json, text: lines }: Report) =>
    void process.stdout.write(`${request.asJson ? JSON.stringify(json) : lines.join('\n')}\n`);
  const { peppers, storeName, isLive } = settings;
  const report = await request.execute({
    store,
    peppers,
    now,
    readInput,
    print,
    storeName,
    isLive,
    pageFolder,
  });
  print(report);
  await store.close();
  return report.done ? exitCodes.done : exitCodes.notDone;
}

/**
 * Handles errors of standard output, so that they do not crash a command whose change has been
 * made. Ignores EPIPE, which means that the reader exited early (`| head`). Sets the exit code for
 * other errors, such as a full disk.
 */
function tolerateFailedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE') return;
      process.once('exit', () => {
        process.exitCode = exitCodes.output;
      });
      if (stream === process.stdout) {
        process.stderr.write(
          `The report could not be written (${code}), but the command has completed.\n`,
        );
      }
    });
  }
}

/**
 * Runs an operator's command on the store that the environment selects, and sets the exit code.
 *
 * @param args the arguments after the program's path
 * @param pageFolder the folder that contains the built page for operators
 */
export async function runAdmin(args: readonly string[], pageFolder: string): Promise<void> {
  tolerateFailedOutput();
  try {
    const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
    process.exitCode = await execute(parseCommandLine(args, isTerminal), pageFolder);
  } catch (error) {
    const { exitCode, message } = describeError(error);
    process.stderr.write(`${message}\n`);
    process.exit(exitCode); // Pending retries of the store's client would keep the process alive.
  }
}
