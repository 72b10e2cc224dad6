import { keyStart } from '@andamio/schema/key-format';
import type { Context, Report } from './command.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { failureOf } from './failure.ts';
import type { Target } from './targets/target.ts';

/** A key in a response of the service. */
interface NewKey {
  readonly api_key: string;
}

/** How a new key is requested and described. */
interface Issue<Key extends NewKey> {
  readonly request: () => Promise<Key>;
  /** Returns a line about the key for people. */
  readonly describe: (key: Key) => string;
  /** Called if the key could not be delivered. Returns a message about the effect. */
  readonly onLost: (key: Key) => Promise<string>;
}

/** Requests a key and reports it, or stores it in a target that was checked before. */
export async function issue<Key extends NewKey>(
  { environment }: Context,
  target: Target | undefined,
  { request, describe, onLost }: Issue<Key>,
): Promise<Report> {
  if (target === undefined) {
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
