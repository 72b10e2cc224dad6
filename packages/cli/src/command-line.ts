import { parseArgs } from 'node:util';
import { containsKey } from '@andamio/schema/key-format';
import type { Command, Context, Options, Report, Values } from './command.ts';
import { commands } from './commands.ts';
import { usageError } from './exit-code.ts';
import { helpOn, versionText } from './help.ts';
import { optionsOf } from './options.ts';

/** A parsed command line. */
export type Request =
  /** A request for a text, such as the help. */
  | { readonly text: string }
  | {
      readonly execute: (context: Context) => Promise<Report>;
      readonly credential: Command['credential'];
      readonly asJson: boolean;
      readonly url: string | undefined;
      readonly tokenCommand: string | undefined;
    };

const versionOption = { version: { type: 'boolean' } } as const;

/**
 * The options of all commands. The parser needs them to tell positional arguments from the values
 * of options.
 */
const allOptions = Object.assign(
  {},
  versionOption,
  ...[...commands.values()].map(optionsOf),
) as NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

const tokenInText = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

/**
 * Throws if an argument contains a key or a token, because every user of the machine can see
 * arguments.
 */
function refuseSecrets(args: readonly string[]): void {
  if (args.some(containsKey)) {
    throw usageError(
      'A key was given as an argument, which every user of this machine can see. Delete the key.',
    );
  }
  if (args.some((arg) => tokenInText.test(arg))) {
    throw usageError(
      'A token was given as an argument, which every user of this machine can see. Set ANDAMIO_TOKEN.',
    );
  }
}

/**
 * Matches an option name that is safe to print: it is too short for a key, and contains no control
 * characters.
 */
const printableOption = /^-{1,2}[a-z][a-z-]{0,30}$/;

function verbIn(positionals: readonly string[]): string {
  const [first, second] = positionals;
  const verb = [`${first} ${second}`, `${first}`].find((name) => commands.has(name));
  if (verb !== undefined) return verb;
  const group = [...commands.keys()].filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) throw usageError('The first argument must be a command.');
  const verbs = group.map((name) => name.slice(`${first} `.length));
  throw usageError(`${first} needs one of: ${verbs.join(', ')}.`);
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

function valuesOf(
  verb: string,
  tokens: readonly OptionToken[],
  options: Options,
): Record<string, string | true> {
  const values: Record<string, string | true> = {};
  for (const { name, rawName, value, inlineValue } of tokens) {
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) {
      throw usageError(
        printableOption.test(rawName)
          ? `${verb} has no option ${rawName}.`
          : `${verb} has no such option.`,
      );
    }
    if (Object.hasOwn(values, name)) throw usageError(`--${name} is repeated.`);
    if (option.type === 'boolean' && value !== undefined)
      throw usageError(`--${name} takes no value.`);
    // As in the strict mode of parseArgs, a value that looks like an option needs a "=".
    if (option.type === 'string' && (!value || (!inlineValue && value.startsWith('-'))))
      throw usageError(`--${name} lacks its value.`);
    values[name] = value ?? true;
  }
  return values;
}

function parameterOf(verb: string, { parameter }: Command, found: readonly string[]): string {
  const expected = parameter === undefined ? 0 : 1;
  if (found.length === expected) return found[0] ?? '';
  throw usageError(
    parameter === undefined
      ? `${verb} takes options only.`
      : `${verb} takes exactly one argument: ${parameter}. Quote a name that contains spaces.`,
  );
}

/**
 * Parses a command line. Options may stand before or after the command.
 *
 * @param args the arguments after the program's path
 * @param isTerminal whether the command can ask the user questions
 * @throws {@link CliError} if the command line is invalid. The errors of Node's parser are not
 *   used, because they may quote a submitted value.
 */
export function parseCommandLine(args: readonly string[], isTerminal: boolean): Request {
  refuseSecrets(args);
  const { tokens } = parseArgs({
    args: [...args],
    options: allOptions,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const positionals = tokens.flatMap((token) => (token.kind === 'positional' ? token.value : []));
  const given = tokens.filter((token) => token.kind === 'option');
  if (positionals.length === 0) {
    const [flag] = given;
    if (flag?.name === 'help') return { text: helpOn() };
    if (flag?.name === 'version') return { text: versionText() };
  }
  // `andamio keys --help` is the help for all commands on keys.
  if (positionals.length === 1 && given.some(({ name }) => name === 'help'))
    return { text: helpOn(positionals[0]) };
  const verb = verbIn(positionals);
  const command = commands.get(verb) as Command;
  const values = valuesOf(verb, given, optionsOf(command));
  if (values['help']) return { text: helpOn(verb) };
  const parameter = parameterOf(verb, command, positionals.slice(verb.split(' ').length));
  return {
    execute: command.plan({ values: values as Values<Options>, parameter, isTerminal }),
    credential: command.credential,
    asJson: values['json'] === true,
    url: values['url'] as string | undefined,
    tokenCommand: values['token-command'] as string | undefined,
  };
}
