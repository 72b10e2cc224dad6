import { printable } from '@andamio/schema/printable';
import type { Surroundings } from './command.ts';
import { defaultUrl } from './url.ts';

/** The service that the user chose on the command line, and the source of the user's token. */
export type Origin = Pick<Surroundings, 'url' | 'isUrlOption' | 'isTokenCommandOption'>;

/** Returns a text as one printable word of a shell's command line, in quotes if it needs them. */
function shellWord(text: string): string {
  const word = printable(text);
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns a command that a message tells the user to run. The command has the options that make it
 * go to the same service as this one and, if it needs a token, for the same user. The service is
 * also named if it comes from `ANDAMIO_URL`, because the user may run the command in another shell.
 * The value of `--token-command` is left out, because it may contain a secret.
 */
export function suggestedCommand(
  verb: 'login' | 'logout' | 'keys list' | 'keys delete',
  { url, isUrlOption, isTokenCommandOption }: Origin,
  parameter?: string,
): string {
  const needsToken = verb.startsWith('keys ');
  const options = [
    ...(isUrlOption || url !== defaultUrl ? ['--url', shellWord(url)] : []),
    ...(needsToken && isTokenCommandOption ? ['--token-command', 'COMMAND'] : []),
  ];
  const argument = parameter === undefined ? [] : [shellWord(parameter)];
  const rest = parameter?.startsWith('-')
    ? [...options, '--', ...argument]
    : [...argument, ...options];
  return ['andamio', verb, ...rest].join(' ');
}
