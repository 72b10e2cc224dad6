import type { Client } from '@andamio/client';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** An option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** The placeholder that the help shows for the value of an option of type `string`. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** The values of the declared options. */
export type Values<Declared extends Options> = {
  readonly [Name in keyof Declared]?: Declared[Name]['type'] extends 'string' ? string : true;
};

/** The service and the user's terminal, which a sign-in needs. */
export interface Surroundings {
  /** URL of the service, without a trailing slash. */
  readonly url: string;
  /** Whether the URL was given by `--url`. */
  readonly isUrlOption: boolean;
  /** Whether the user gave `--token-command`. */
  readonly isTokenCommandOption: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
}

/** The values that a command receives when it is executed. */
export interface Context extends Surroundings {
  /** The client of the service, with the user's token if the command needs one. */
  readonly client: Client;
  /** Whether the user provided a token, or a command that prints a token. */
  readonly isTokenGiven: boolean;
  /**
   * Returns the current time in Unix milliseconds: that of the service once the client has
   * received a response, otherwise that of this machine.
   */
  readonly now: () => number;
}

/** The result of a command. */
export interface Report {
  /** The output with `--json`: the API's response, if the command has one. */
  readonly json: object;
  /** The lines for standard output. */
  readonly text: readonly string[];
  /** Human-readable lines for standard error. They are omitted with `--json`. */
  readonly notes?: readonly string[];
  /** Default: 0. */
  readonly exitCode?: ExitCode;
  /**
   * Called if the report cannot be written. Returns a message that says what happened to the key.
   * Set only if the report contains a key that is shown only once.
   */
  readonly onUnwritten?: () => Promise<string>;
}

/** The credential that a command needs: the user's token (JWT), an API key, or none. */
type Credential = 'token' | 'key' | 'token or key' | 'none';

/** The parsed command line of a command. */
interface Arguments<Declared extends Options> {
  readonly values: Values<Declared>;
  /** The value of the command's positional parameter. Empty if the command takes none. */
  readonly parameter: string;
  /** Whether the command can ask the user questions. */
  readonly isTerminal: boolean;
}

export interface Command<Declared extends Options = Options> {
  /**
   * The name that the help shows for the positional parameter. Undefined if the command takes none.
   */
  readonly parameter?: string;
  /** The values that the positional parameter accepts. If undefined, it accepts any value. */
  readonly choices?: readonly string[];
  /** A sentence for the help. */
  readonly summary: string;
  /** Further lines for the help of this command. */
  readonly details?: readonly string[];
  readonly credential: Credential;
  readonly options: Declared;
  /**
   * Validates the arguments and returns the function that executes the command.
   *
   * @throws {@link CliError} if an argument is missing or invalid.
   */
  plan(args: Arguments<Declared>): (context: Context) => Promise<Report>;
}

/** Returns the given command. Infers the type of the values from the command's options. */
export function defineCommand<const Declared extends Options>(command: Command<Declared>): Command {
  return command as unknown as Command;
}
