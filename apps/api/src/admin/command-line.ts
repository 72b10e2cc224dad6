import { parseArgs } from 'node:util';
import { containsKey } from '@andamio/schema/key-format';
import type { Environment } from '@andamio/schema/settings';
import { type Context, type Report, UsageError } from './command.ts';
import { commands, currentVerb } from './commands.ts';
import { confirmAndExecute, confirmationOf, refuseConfirmation } from './confirmation.ts';

/** A command whose options are valid. */
export interface Execution {
  readonly execute: (context: Context) => Promise<Report>;
  /** Whether the report is printed as JSON. */
  readonly asJson: boolean;
}

type Request = { readonly help: string | undefined } | { readonly version: true } | Execution;

const flags = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

/**
 * Error messages for invalid command lines, by Node's error code. Node's own messages may contain a
 * submitted value.
 */
const usageMessages: Readonly<Record<string, string>> = {
  ERR_PARSE_ARGS_INVALID_OPTION_VALUE: 'An option lacks its value, or has a value but takes none.',
  ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL: 'Commands take options only, no positional arguments.',
};

/**
 * Matches an option name that is safe to print: too short for a key, and without control
 * characters.
 */
const printableOption = /^-{1,2}[a-z][a-z-]{0,30}(?==|$)/;

type DeclaredOptions = NonNullable<Parameters<typeof parseArgs>[0]>['options'];

function unknownOption(
  verb: string,
  args: readonly string[],
  options: DeclaredOptions,
): UsageError {
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, ...flags },
    tokens: true,
    strict: false,
  });
  const known = new Set(Object.keys({ ...options, ...flags }));
  const found = tokens.find((token) => token.kind === 'option' && !known.has(token.name));
  const name = found?.kind === 'option' ? printableOption.exec(found.rawName)?.[0] : undefined;
  return new UsageError(
    name === undefined ? `${verb} has no such option.` : `${verb} has no option ${name}.`,
  );
}

function parse(verb: string, args: readonly string[], options: DeclaredOptions) {
  try {
    const { values, tokens } = parseArgs({
      args: [...args],
      options: { ...options, ...flags },
      tokens: true,
    });
    const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
    if (new Set(given).size < given.length) throw new UsageError('An option is repeated.');
    return values;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw unknownOption(verb, args, options);
    const message = usageMessages[code ?? ''];
    throw message === undefined ? error : new UsageError(message);
  }
}

function refuseKeys(args: readonly string[]): void {
  if (!args.some(containsKey)) return;
  throw new UsageError(
    'A key was given as an argument, which every user of this machine can see. Revoke it with --key-stdin.',
  );
}

/**
 * Parses a command line.
 *
 * @param args the arguments after the program's path
 * @param environment the environment variables
 * @param isTerminal whether the operator can be asked to confirm a change
 * @throws {@link UsageError}
 */
export function parseCommandLine(
  args: readonly string[],
  environment: Environment,
  isTerminal: boolean,
): Request {
  refuseKeys(args);
  const [first = '', ...rest] = args;
  if (first === '--help' || first === '-h') return { help: undefined };
  if (first === '--version') return { version: true };
  const verb = currentVerb(first);
  const command = commands.get(verb);
  if (command === undefined) throw new UsageError('The first argument must be a command.');
  const { json = false, help, ...values } = parse(verb, rest, command.options);
  if (help) return { help: verb };
  const asJson = json === true;
  const plan = command.plan(values, environment);
  if (typeof plan === 'function') {
    refuseConfirmation(values);
    return { execute: plan, asJson };
  }
  const confirmation = confirmationOf(plan, values, isTerminal);
  return { execute: (context) => confirmAndExecute(plan, context, confirmation), asJson };
}
