import { parseArgs } from 'node:util';
import { keysInText } from '@andamio/schema/key-format';
import { type Context, type Report, UsageError } from './command.ts';
import { commands } from './commands.ts';

/** What a command line asks for. */
export type Request =
  | { readonly help: string | undefined }
  | { readonly execute: (context: Context) => Promise<Report>; readonly asJson: boolean };

const flags = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

/** What is wrong by the code of Node's error. Node's own words may repeat what was given. */
const wrongUsages: Readonly<Record<string, string>> = {
  ERR_PARSE_ARGS_UNKNOWN_OPTION: 'An option is not one of this command.',
  ERR_PARSE_ARGS_INVALID_OPTION_VALUE: 'An option lacks its value, or takes none.',
  ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL: 'Everything is given by options.',
};

function parse(args: readonly string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options']) {
  try {
    const { values, tokens } = parseArgs({ args: [...args], options: { ...options, ...flags }, tokens: true });
    const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
    if (new Set(given).size < given.length) throw new UsageError('An option is given twice.');
    return values;
  } catch (error) {
    const message = wrongUsages[(error as { code?: string }).code ?? ''];
    throw message === undefined ? error : new UsageError(message);
  }
}

function refuseKeys(args: readonly string[]): void {
  if (args.every((arg) => keysInText(arg).next().done)) return;
  throw new UsageError(
    'A key was given as an argument, which everybody on this machine can see: revoke it, with --key-stdin.',
  );
}

/**
 * Understands a command line.
 *
 * @throws {@link UsageError}
 */
export function understand(args: readonly string[]): Request {
  refuseKeys(args);
  const [verb, ...rest] = args;
  if (verb === '--help' || verb === '-h') return { help: undefined };
  const command = commands.get(verb ?? '');
  if (verb === undefined || command === undefined) throw new UsageError('A command is needed.');
  const { json = false, help, ...values } = parse(rest, command.options);
  return help ? { help: verb } : { execute: command.plan(values), asJson: json === true };
}
