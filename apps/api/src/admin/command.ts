import type { ParseArgsConfig, parseArgs } from 'node:util';
import type { Pepper } from '@andamio/schema/settings';
import type { Administration } from '../keys/administration.ts';
import type { KeyStore } from '../keys/store.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The values given for the declared options. */
type Values<Declared extends Options> = ReturnType<
  typeof parseArgs<{ options: Declared; strict: true; allowPositionals: false }>
>['values'];

/** What a command works with. */
export interface Context {
  readonly store: KeyStore & Administration;
  /**
   * Returns the configured peppers: the first makes new keys, all verify.
   *
   * @throws {@link SettingsError} if none is configured. Commands that need no pepper run without one.
   */
  readonly peppers: () => readonly Pepper[];
  /** Returns the current time in Unix milliseconds. */
  readonly now: () => number;
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>;
}

/** The result of a command. */
export interface Report {
  /** False where nothing was found or the change was refused; the exit code is then 1. */
  readonly done: boolean;
  /** For programs: field names are stable. */
  readonly json: { readonly outcome: string } & Readonly<Record<string, unknown>>;
  /** For people, one line each. */
  readonly text: readonly string[];
}

/** A description of a change that has not been made. */
interface Preview {
  /** What the change affects, for programs. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What the change affects, for people. */
  readonly text: readonly string[];
  /** Whether the user of the change is unknown: a dry run then ends with 1. */
  readonly isUnknown?: boolean;
}

/** A change that is shown to the operator and confirmed before it is made. */
export interface ConfirmedChange {
  /** Looks up what the change would affect. Returns a report instead if there is nothing to change. */
  preview(context: Context): Promise<Preview | Report>;
  execute(context: Context): Promise<Report>;
}

/** What a command line asks for, before anything is opened. */
type Plan = ((context: Context) => Promise<Report>) | ConfirmedChange;

/** One verb of the operators' tool. */
export interface Command<Declared extends Options = Options> {
  /** Its options as a person writes them. */
  readonly usage: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  readonly options: Declared;
  /**
   * Validates the options.
   *
   * @throws {@link UsageError}
   */
  plan(values: Values<Declared>): Plan;
}

/** Declares a command, so that its plan gets the options that it declares. */
export function defineCommand<const Declared extends Options>(command: Command<Declared>): Command {
  return command as Command;
}

/** A command line that cannot be understood. The message never repeats a value: that may be a key. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
