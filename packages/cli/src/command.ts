import type { Client } from '@andamio/client';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** An option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** The value as the help shows it, for an option of type `string`. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** The values of the declared options. */
export type Values<Declared extends Options> = {
  readonly [Name in keyof Declared]?: Declared[Name]['type'] extends 'string' ? string : true;
};

/** What a command may use. */
export interface Context {
  /** URL of the service, without a trailing slash. */
  readonly url: string;
  /** The client of the service, with the user's token if the command needs one. */
  readonly client: Client;
  /** Whether the user gave a token or a command that prints one. */
  readonly isTokenGiven: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
}

/** The result of a command. */
export interface Report {
  /** The result for programs: the response of the API, where there is one. */
  readonly json: object;
  /** The lines for standard output. */
  readonly text: readonly string[];
  /** Lines for people, for standard error. `--json` omits them. */
  readonly notes?: readonly string[];
  /** Default: 0. */
  readonly exitCode?: ExitCode;
  /**
   * Called if the report cannot be written, because it contains a key that is shown only once.
   * Returns a message about the effect.
   */
  readonly onUnwritten?: () => Promise<string>;
}

/** The credential that a command needs: the user's token (JWT), an API key, or none. */
type Credential = 'token' | 'key' | 'token or key' | 'none';

/** The parsed command line of a command. */
interface Arguments<Declared extends Options> {
  readonly values: Values<Declared>;
  /** The value of the command's parameter, or an empty string if it has none. */
  readonly parameter: string;
  /** Whether the user can be asked. */
  readonly isTerminal: boolean;
}

export interface Command<Declared extends Options = Options> {
  /** The positional parameter as the help shows it. Undefined if the command takes none. */
  readonly parameter?: string;
  /** A sentence for the help. */
  readonly summary: string;
  /** Further lines for the command's own help. */
  readonly details?: readonly string[];
  readonly credential: Credential;
  readonly options: Declared;
  /**
   * Validates the arguments and returns the work to perform.
   *
   * @throws {@link CliError} if an argument is missing or invalid.
   */
  plan(args: Arguments<Declared>): (context: Context) => Promise<Report>;
}

/** Returns a command unchanged, with the type of the values inferred from its options. */
export function defineCommand<const Declared extends Options>(command: Command<Declared>): Command {
  return command as unknown as Command;
}
