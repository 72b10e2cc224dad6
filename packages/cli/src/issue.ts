import { keyStart } from '@andamio/schema/key-format';
import type { Context, Report } from './command.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { failureOf } from './failure.ts';
import { clearLastWords } from './signals.ts';
import { checkStandardOutput } from './standard-output.ts';
import type { Target } from './targets/target.ts';

/** A key in a response of the service. */
interface NewKey {
  readonly api_key: string;
}

/** The functions that a command uses to request and describe a new key. */
interface Issue<Key extends NewKey> {
  readonly request: () => Promise<Key>;
  /** Returns a human-readable line about the key. */
  readonly describe: (key: Key) => string;
  /**
   * Called if the key could neither be printed nor stored. Returns a message that says what
   * happened to the key.
   */
  readonly onLost: (key: Key) => Promise<string>;
}

/**
 * Requests a key and prints it, or stores it in a target. Standard output or the target is checked
 * before the key is requested.
 */
export async function issue<Key extends NewKey>(
  { environment }: Context,
  target: Target | undefined,
  { request, describe, onLost }: Issue<Key>,
): Promise<Report> {
  if (target === undefined) {
    checkStandardOutput();
    const key = await request();
    return {
      json: key,
      text: [key.api_key],
      notes: [describe(key), 'Store the key now: it is not shown again.'],
      onUnwritten: () => onLost(key),
    };
  }
  const prepared = await target.prepare(environment);
  try {
    const key = await request();
    await prepared.store(key.api_key).catch(async (error: unknown) => {
      const { message } = failureOf(error);
      throw new CliError(exitCodes.cannotCreate, `${message}\n${await onLost(key)}`);
    });
    clearLastWords();
    const { api_key, ...visible } = key;
    return {
      json: { ...visible, start: keyStart(api_key), stored_in: target.name },
      text: [],
      notes: [describe(key), `Stored ${keyStart(api_key)}… in ${target.name}.`],
    };
  } finally {
    await prepared.release();
  }
}
