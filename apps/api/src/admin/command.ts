import type { ParseArgsConfig, parseArgs } from 'node:util';
import type { Administration } from '@andamio/keys/administration';
import type { KeyStore } from '@andamio/keys/store';
import type { Environment, Pepper } from '@andamio/schema/settings';
import type { AdminProcess } from './admin-process.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The parsed values of the declared options. */
type Values<Declared extends Options> = ReturnType<
  typeof parseArgs<{ options: Declared; strict: true; allowPositionals: false }>
>['values'];

/**
 * The resources that a command may use, such as the store, the peppers, the clock and standard
 * input.
 */
export interface Context {
  readonly store: KeyStore & Administration;
  /**
   * Returns the configured peppers. The first one creates key ids; all of them verify.
   *
   * @throws {@link SettingsError} if none is configured
   */
  readonly peppers: () => readonly Pepper[];
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>;
  /** Prints a report on standard output before the command has completed. */
  readonly print: (report: Report) => Promise<void>;
  /** Shows the operator what a change will do, and asks whether to make it. */
  readonly confirm: (text: readonly string[]) => Promise<boolean>;
  /** Adds and removes listeners for the signals that ask the process to end. */
  readonly signals: Pick<AdminProcess, 'on' | 'off'>;
  readonly environment: Environment;
  /** A human-readable description of the store. */
  readonly storeName: string;
  /** Whether the store is a database at Google, not a file or the emulator. */
  readonly isLive: boolean;
  /** The folder that contains the built page for operators. */
  readonly pageFolder: string;
}

export interface Report {
  /**
   * False if there was nothing to show or change, or if the operator did not confirm the change.
   * The exit code is then 1.
   */
  readonly done: boolean;
  /** The result as JSON, with stable field names. */
  readonly json: { readonly outcome: string } & Readonly<Record<string, unknown>>;
  /** The human-readable result, one entry per line. */
  readonly text: readonly string[];
}

/** A description of a change that has not been made yet. */
interface Preview {
  /** The effect of the change as JSON. */
  readonly json: Readonly<Record<string, unknown>>;
  /** A human-readable description of the change's effect, one entry per line. */
  readonly text: readonly string[];
  /** Whether the user is unknown. A dry run then exits with 1. */
  readonly isUnknown?: boolean;
}

/** A change of stored data, which the operator can preview. */
export interface PlannedChange {
  /** Whether the change is made only after the operator has seen the preview and confirmed it. */
  readonly needsConfirmation: boolean;
  /** Returns a preview of the change, or a report if there is nothing to change. */
  preview(context: Context): Promise<Preview | Report>;
  execute(context: Context): Promise<Report>;
}

/** The work that a command performs after its options have been validated. */
type Plan = ((context: Context) => Promise<Report>) | PlannedChange;

export interface Command<Declared extends Options = Options> {
  /** The options as the help shows them. */
  readonly usage: string;
  /** A short description for the help. */
  readonly summary: string;
  readonly options: Declared;
  /**
   * Whether the report contains a secret, which may appear in the terminal but not on the
   * operators' page.
   */
  readonly printsSecret: boolean;
  /**
   * Validates the options.
   *
   * @param environment the environment variables, which tell whether the operator is known
   * @throws {@link UsageError} if an option is missing or invalid
   */
  plan(values: Values<Declared>, environment: Environment): Plan;
}

/**
 * Returns the given command. The call makes TypeScript infer the type of `plan`'s argument from the
 * options.
 */
export function defineCommand<const Declared extends Options>(command: Command<Declared>): Command {
  return command as Command;
}

/** An invalid command line. The message never contains a submitted value, which may be a key. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
