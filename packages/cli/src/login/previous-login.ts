import { type Client, listAllApiKeys } from '@andamio/client';
import { printable } from '@andamio/schema/printable';
import type { Context, Report } from '../command.ts';
import { failureOf } from '../failure.ts';
import { findAndDelete } from '../service.ts';
import { type Login, logins } from '../stored-key/logins.ts';
import { type Origin, suggestedCommand } from '../suggested-command.ts';
import { minuteOf } from '../text.ts';
import { tryDelete } from '../try-delete.ts';

/**
 * The state of the key of the previous login, as seen by the user who has signed in:
 *
 * - `own`: it belongs to this user.
 * - `rolled`: it belongs to this user, but has had another secret since the login.
 * - `deleted`: it belonged to this user, but no longer exists.
 * - `foreign`: it belongs to another user.
 * - `unknown`: this user has no such key, and the file of the login does not state the user.
 */
type State = 'own' | 'rolled' | 'deleted' | 'foreign' | 'unknown';

/** The previous login to the service on this machine, with the state of its key. */
export interface PreviousLogin extends Login {
  readonly state: State;
}

/** Returns the previous login on this machine, or undefined if there is none. */
export async function findPrevious(
  client: Client,
  userId: string,
  { url, environment }: Context,
): Promise<PreviousLogin | undefined> {
  const login = await logins.find(url, environment);
  if (login === undefined) return undefined;
  const keys = await listAllApiKeys(client);
  const key = keys.find(({ name, state }) => name === login.name && state !== 'previous');
  const stateOf = (): State => {
    if (key?.start === login.start) return 'own';
    if (login.user_id !== undefined && login.user_id !== userId) return 'foreign';
    if (key !== undefined) return 'rolled';
    return login.user_id === undefined ? 'unknown' : 'deleted';
  };
  return { ...login, state: stateOf() };
}

const keyOf = ({ name, start }: Login) =>
  `The key ${printable(name)} (${printable(start)}…) of the previous login`;

/** Adds to the report on a login what happened to the key of the previous login. */
export function withPrevious(
  report: Report,
  { name, start, expires_at }: Login,
  outcome: 'deleted' | 'kept' | 'unknown',
  notes: readonly string[] = [],
): Report {
  return {
    ...report,
    json: { ...report.json, previous_key: { name, start, expires_at, outcome } },
    notes: [...(report.notes ?? []), ...notes],
  };
}

/** Deletes the key of the previous login, and adds the result to the report on the new login. */
async function withDeletion(
  report: Report,
  login: Login,
  client: Client,
  origin: Origin,
): Promise<Report> {
  const deletion = await tryDelete(client, login.name);
  if (deletion.outcome === 'deleted') return withPrevious(report, login, 'deleted');
  const { message } = failureOf(deletion.error);
  return deletion.outcome === 'unknown'
    ? withPrevious(report, login, 'unknown', [
        message,
        `${keyOf(login)} may still exist. To find and delete it:\n${findAndDelete(login.name, origin)}`,
      ])
    : withPrevious(report, login, 'kept', [
        message,
        `${keyOf(login)} still exists. To delete it: ${suggestedCommand('keys delete', origin, login.name)}`,
      ]);
}

const untilOf = ({ expires_at }: Login) => `valid until ${minuteOf(expires_at)} UTC`;

/**
 * Deletes the key of the previous login if the user who has signed in can delete it, and adds to
 * the report on the new login what happened to that key.
 */
export async function replacePrevious(
  report: Report,
  previous: PreviousLogin,
  client: Client,
  origin: Origin,
): Promise<Report> {
  const remove = suggestedCommand('keys delete', origin, previous.name);
  switch (previous.state) {
    case 'own':
      return withDeletion(report, previous, client, origin);
    case 'deleted':
      return withPrevious(report, previous, 'deleted');
    case 'rolled':
      return withPrevious(report, previous, 'kept', [
        `${keyOf(previous)} was not deleted, because it has another secret now.`,
      ]);
    case 'foreign':
      return withPrevious(report, previous, 'kept', [
        `${keyOf(previous)} was not deleted, because it belongs to ${printable(previous.user_id ?? '')}. Unless it was deleted elsewhere, it is ${untilOf(previous)}. To delete it, sign in as that user: ${remove}`,
      ]);
    case 'unknown':
      return withPrevious(report, previous, 'unknown', [
        `${keyOf(previous)} is not one of your keys. If it belongs to another account, it is ${untilOf(previous)}. To delete it, sign in with that account: ${remove}`,
      ]);
  }
}

/**
 * Adds to the report on a device login that the key of the previous login was not deleted. A device
 * login has no token, so it can neither list nor delete keys.
 */
export function keepPrevious(report: Report, previous: Login, origin: Origin): Report {
  const owner = previous.user_id === undefined ? '' : ` of ${printable(previous.user_id)}`;
  return withPrevious(report, previous, 'kept', [
    `${keyOf(previous)}${owner} was not deleted. Unless it was deleted elsewhere, it is ${untilOf(previous)}. If no other program uses it, delete it: ${suggestedCommand('keys delete', origin, previous.name)}`,
  ]);
}
