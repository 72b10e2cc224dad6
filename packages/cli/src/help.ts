import manifest from '../package.json' with { type: 'json' };
import type { Command, Option } from './command.ts';
import { commands } from './commands.ts';
import { usageError } from './exit-code.ts';
import { optionsOf } from './options.ts';
import { defaultUrl } from './url.ts';

const overview = `Tokens: a command that needs a token uses the JWT of your identity provider. It takes the output of
--token-command, or ANDAMIO_TOKEN, or the output of the command in ANDAMIO_TOKEN_COMMAND. On a
terminal with a browser, it signs you in if none of them is given.

Keys: a command that needs a key takes ANT_API_KEY, or the key of andamio login.

Tokens and keys are never arguments, because every user of the machine can see those.

ANDAMIO_URL is the URL of the service. Default:
${defaultUrl}

andamio COMMAND --help describes a command and its options.
`;

const exitCodesText = `Exit codes: 0 done, 1 refused by the service, not valid or canceled, 64 invalid usage, 69 the
service did not respond or failed, 70 unexpected error, 73 the target cannot be written, 74 the
output could not be written, 75 a rate limit is used up, 77 no accepted token or key, or a sign-in
not trusted, 78 invalid settings.
`;

/** Returns the name and the version of the program. */
export function versionText(): string {
  return `andamio ${manifest.version} (Node ${process.versions.node})\n`;
}

const credentialTexts = {
  token: 'Needs a token.',
  key: 'Needs a key.',
  'token or key': 'Needs a token or a key.',
  none: 'Needs neither a token nor a key.',
} as const;

function signatureOf(verb: string, { parameter }: Command): string {
  return parameter === undefined ? verb : `${verb} ${parameter}`;
}

function optionLines([name, { short, value, help }]: readonly [string, Option]): string {
  const flags = `${short === undefined ? '' : `-${short}, `}--${name}`;
  return `  ${value === undefined ? flags : `${flags} ${value}`}\n      ${help}`;
}

function helpOnCommand(verb: string, command: Command): string {
  const { summary, details = [], credential } = command;
  return `andamio ${signatureOf(verb, command)} [OPTIONS]

${[summary, ...details, credentialTexts[credential]].join('\n')}

${Object.entries(optionsOf(command)).map(optionLines).join('\n')}

${exitCodesText}`;
}

function listOf(listed: readonly (readonly [string, Command])[]): string {
  const signatures = listed.map(([verb, command]) => signatureOf(verb, command));
  const width = Math.max(...signatures.map(({ length }) => length));
  return listed
    .map(
      ([, { summary }], index) => `  ${(signatures[index] as string).padEnd(width)}  ${summary}\n`,
    )
    .join('');
}

/**
 * Returns the help for a command, for a group of commands such as `keys`, or for the whole program.
 *
 * @throws {@link CliError} if there is no such command.
 */
export function helpOn(verb?: string): string {
  const command = commands.get(verb ?? '');
  if (verb !== undefined && command !== undefined) return helpOnCommand(verb, command);
  const listed = [...commands].filter(
    ([name]) => verb === undefined || name.startsWith(`${verb} `),
  );
  if (listed.length === 0) throw usageError('The first argument must be a command.');
  return `andamio COMMAND [OPTIONS]

Manages your API keys of the Andamio platform.

${listOf(listed)}
${overview}
${exitCodesText}`;
}
