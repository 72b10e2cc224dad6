import type { ParseArgsConfig, parseArgs } from 'node:util';
import type { Pepper } from '@andamio/schema/settings';
import type { Administration } from '../keys/administration.ts';
import type { KeyStore } from '../keys/store.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What was given for options that are declared. */
type Values<Declared extends Options> = ReturnType<
  typeof parseArgs<{ options: Declared; strict: true; allowPositionals: false }>
>['values'];

/** What commands work with. */
export interface Context {
  readonly store: KeyStore & Administration;
  /** The first makes new keys, all verify. */
  readonly peppers: readonly Pepper[];
  /** The present in Unix milliseconds. */
  readonly now: () => number;
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>;
}

/** What a command has to say. */
export interface Report {
  /** Whether it was done; not where nothing was found or the store refused. */
  readonly done: boolean;
  /** For programs: names of fields never change. */
  readonly json: { readonly outcome: string } & Readonly<Record<string, unknown>>;
  /** For people, one line each. */
  readonly text: readonly string[];
}

/** One verb of the operators' tool. */
export interface Command<Declared extends Options = Options> {
  /** Its options as a person writes them. */
  readonly usage: string;
  /** What it does, in a few words. */
  readonly summary: string;
  readonly options: Declared;
  /**
   * Understands the options, before anything is opened.
   *
   * @returns what is to be done.
   * @throws {@link UsageError}
   */
  plan(values: Values<Declared>): (context: Context) => Promise<Report>;
}

/** Declares a command, so that its plan gets the options that it declares. */
export function defineCommand<const Declared extends Options>(command: Command<Declared>): Command {
  return command as Command;
}

/** The command line cannot be understood. Its message never repeats what was given: that may be a key. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
