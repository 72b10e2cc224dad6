import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { reasonOf } from '../reason.ts';
import { SettingsError } from '../settings.ts';
import { UsageError } from './command.ts';

/** The exit codes of `admin.js`. Codes from 64 on are those of sysexits.h. */
export const exitCodes = {
  done: 0,
  notDone: 1,
  usage: 64,
  unavailable: 69,
  software: 70,
  output: 74,
  settings: 78,
} as const;

/** How an error of a command is reported on the command line and on the operators' page. */
interface CommandError {
  readonly exitCode: number;
  /** The status of the answer to the page. */
  readonly status: number;
  /** What to do, appended to the reason. */
  readonly advice: { readonly terminal: string; readonly page: string };
}

const kinds: readonly (CommandError & { readonly type: new (message: string) => Error })[] = [
  {
    type: UsageError,
    exitCode: exitCodes.usage,
    status: 400,
    advice: { terminal: ' See --help.', page: '' },
  },
  {
    type: SettingsError,
    exitCode: exitCodes.settings,
    status: 400,
    advice: { terminal: '', page: '' },
  },
  {
    type: OutcomeUnknownError,
    exitCode: exitCodes.unavailable,
    status: 503,
    advice: {
      terminal: '\nThe change may have been made. Run the command again.',
      page: ' The change may have been made. Try again.',
    },
  },
  {
    type: StoreUnavailableError,
    exitCode: exitCodes.unavailable,
    status: 503,
    advice: {
      terminal: '\nRun the command again once the store responds.',
      page: ' Try again once the store responds.',
    },
  },
];

const unexpected: CommandError = {
  exitCode: exitCodes.software,
  status: 500,
  advice: { terminal: '', page: '' },
};

/**
 * Returns how an error of a command is reported, and its reason: its message, followed by those of
 * its causes. The reason contains no secret.
 */
export function describeError(error: unknown): CommandError & { readonly reason: string } {
  const kind = kinds.find(({ type }) => error instanceof type) ?? unexpected;
  return { ...kind, reason: reasonOf(error as Error) };
}
