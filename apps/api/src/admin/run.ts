import { text } from 'node:stream/consumers';
import { OutcomeUnknownError, StoreUnavailableError } from '../keys/store.ts';
import { openStore } from '../process/open-store.ts';
import { readSettings, SettingsError } from '../settings.ts';
import { UsageError } from './command.ts';
import { type Request, understand } from './command-line.ts';
import { helpOn } from './help.ts';

/** Exit codes, the last four by sysexits.h. */
const exitCodes = { done: 0, notDone: 1, usage: 64, unavailable: 69, software: 70, settings: 78 } as const;

/** What went wrong, for people: nothing in it is a secret. */
function complaintOf(error: unknown): { readonly exitCode: number; readonly message: string } {
  const { message, cause } = error as Error;
  const why = cause instanceof Error ? `${message} ${cause.message}` : message;
  if (error instanceof UsageError) return { exitCode: exitCodes.usage, message: `${message} See --help.` };
  if (error instanceof SettingsError) return { exitCode: exitCodes.settings, message };
  if (error instanceof OutcomeUnknownError) {
    return { exitCode: exitCodes.unavailable, message: `${why}\nIt may be done: run the command again.` };
  }
  if (error instanceof StoreUnavailableError) {
    return { exitCode: exitCodes.unavailable, message: `${why}\nRun the command again once the store answers.` };
  }
  return { exitCode: exitCodes.software, message: why };
}

async function carryOut(request: Request): Promise<number> {
  if ('help' in request) {
    process.stdout.write(helpOn(request.help));
    return exitCodes.done;
  }
  const settings = readSettings();
  const now = Date.now;
  const store = await openStore(settings.store, now);
  const readInput = () => text(process.stdin);
  const report = await request.execute({ store, peppers: settings.peppers, now, readInput });
  process.stdout.write(request.asJson ? `${JSON.stringify(report.json)}\n` : `${report.text.join('\n')}\n`);
  await store.close();
  return report.done ? exitCodes.done : exitCodes.notDone;
}

/**
 * Does what an operator's command line says, on the store that the environment names.
 *
 * @param args without Node and the program.
 */
export async function runAdmin(args: readonly string[]): Promise<void> {
  try {
    process.exitCode = await carryOut(understand(args));
  } catch (error) {
    const { exitCode, message } = complaintOf(error);
    process.stderr.write(`${message}\n`);
    process.exit(exitCode); // What the store's client still tries is of no use any more.
  }
}
