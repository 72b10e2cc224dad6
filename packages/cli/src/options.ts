import type { Command, Options } from './command.ts';
import { usageError } from './exit-code.ts';

/** The options of every command. */
const commonOptions = {
  url: { type: 'string', value: 'URL', help: 'URL of the service. Default: ANDAMIO_URL.' },
  json: { type: 'boolean', help: 'Print one line of JSON.' },
  help: { type: 'boolean', short: 'h', help: 'Print this text.' },
} as const;

/** The option of the commands that need a token. */
const tokenOptions = {
  'token-command': {
    type: 'string',
    value: 'COMMAND',
    help: 'A shell command that prints the token. Default: ANDAMIO_TOKEN_COMMAND.',
  },
} as const;

/** Returns all options of a command, including those that it shares with other commands. */
export function optionsOf({ credential, options }: Command): Options {
  const needsToken = credential === 'token' || credential === 'token or key';
  return { ...options, ...(needsToken && tokenOptions), ...commonOptions };
}

/** Returns the option that sets the number of days for which a key is valid. */
export const daysOption = (help: string) => ({ type: 'string', value: 'N', help }) as const;

/**
 * Returns the value of an option that takes an integer, or undefined if the option is not given.
 *
 * @throws {@link CliError} if the value is not an integer from `minimum` to `maximum`.
 */
export function integerOf(
  option: string,
  value: string | undefined,
  [minimum, maximum]: readonly [number, number],
): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw usageError(`--${option} must be an integer from ${minimum} to ${maximum}.`);
}
