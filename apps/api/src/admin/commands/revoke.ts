import { countRedeemableLogins, denyRedeemableLogins } from '@andamio/keys/device-login/withdraw';
import { readKeyUse } from '@andamio/keys/key-use';
import { findRevocable, type RevokedKey, revokeSecret } from '@andamio/keys/revoke';
import { revokeAll } from '@andamio/keys/revoke-all';
import { printable } from '@andamio/schema/printable';
import { counted } from '@andamio/schema/terminal-text';
import { idsOf, isKeyId, type KeyId } from '@andamio/verification/digest';
import {
  type Context,
  defineCommand,
  type PlannedChange,
  type Report,
  UsageError,
} from '../command.ts';
import { confirmationOptions, confirmationUsage } from '../confirmation.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { digestersOf, keyFromInput, lastUseOf, noSuchKey, notAKey } from './key.ts';
import { findOwner } from './owner.ts';

type Author = ReturnType<typeof authorOf>;

const noKeys: Report = {
  done: false,
  json: { outcome: 'no_such_key' },
  text: ['There is no such key.'],
};

const describe = ({ id, userId, name }: RevokedKey) => ({ id, user_id: userId, name });

const line = ({ id, userId, name }: RevokedKey) =>
  `${id}  ${printable(userId)}  ${printable(name)}`;

function revoked(keys: readonly RevokedKey[], deniedLogins = 0): Report {
  if (keys.length + deniedLogins === 0) return noKeys;
  return {
    done: true,
    json: {
      outcome: 'revoked',
      keys: keys.map(describe),
      ...(deniedLogins > 0 && { denied_logins: deniedLogins }),
    },
    text: [
      ...keys.map(line),
      `${counted(keys.length, 'key')} revoked.`,
      ...(deniedLogins > 0 ? [`${counted(deniedLogins, 'approved device login')} denied.`] : []),
    ],
  };
}

/** The ids under which one secret may be stored, and the report for a secret that is not stored. */
interface Sought {
  readonly ids: readonly KeyId[];
  readonly notFound: Report;
}

async function soughtInInput(context: Context): Promise<Sought | Report> {
  const key = await keyFromInput(context);
  if (key === undefined) return notAKey;
  return { ids: idsOf(digestersOf(context), key), notFound: noSuchKey(context) };
}

/**
 * Returns the revocation of one secret. It asks for no confirmation: an operator who holds a leaked
 * key revokes it at once.
 *
 * @param seek is called once, since it may read standard input
 */
function revocation(
  author: Author,
  seek: (context: Context) => Promise<Sought | Report>,
): PlannedChange {
  const commandOf = ({ ids }: Sought, { now }: Context) => ({
    ids,
    ...author,
    now: Math.floor(now() / 1000),
  });
  return {
    needsConfirmation: false,
    async preview(context) {
      const sought = await seek(context);
      if ('done' in sought) return sought;
      const key = await findRevocable(context.store, commandOf(sought, context));
      if (key === 'no_such_key') return sought.notFound;
      return {
        json: { keys: [describe(key)] },
        text: [line(key), `${counted(1, 'key')} will be revoked permanently.`],
      };
    },
    async execute(context) {
      const sought = await seek(context);
      if ('done' in sought) return sought;
      const outcome = await revokeSecret(context.store, commandOf(sought, context));
      return outcome === 'no_such_key' ? sought.notFound : revoked([outcome]);
    },
  };
}

export const revoke = defineCommand({
  usage: `(--key-stdin | --id KEY_ID | --user ID) ${confirmationUsage} ${changeUsage}`,
  summary:
    "Revokes one key, or all keys of a user. Revoking all keys also denies the user's approved device logins.",
  options: {
    'key-stdin': { type: 'boolean' },
    id: { type: 'string' },
    user: { type: 'string' },
    ...confirmationOptions,
    ...changeOptions,
  },
  printsSecret: false,
  plan(values, environment) {
    const { 'key-stdin': fromInput, id, user } = values;
    if ([fromInput, id, user].filter((value) => value !== undefined).length !== 1) {
      throw new UsageError('Exactly one of --key-stdin, --id and --user is required.');
    }
    const author = authorOf(values, environment);
    if (fromInput) return revocation(author, soughtInInput);
    if (id !== undefined) {
      if (!isKeyId(id))
        throw new UsageError(
          '--id must be a key id of 64 lowercase hexadecimal digits, as list --user shows it.',
        );
      return revocation(author, async () => ({ ids: [id], notFound: noKeys }));
    }
    const userId = userOf(values);
    return {
      needsConfirmation: true,
      async preview(context) {
        const { store, now } = context;
        const nowSeconds = Math.floor(now() / 1000);
        const logins = await countRedeemableLogins(store, { userId, now: nowSeconds });
        const found = await findOwner(context, userId);
        if ('done' in found && logins === 0) return found;
        // A user who has approved a login but has never had a key has no stored data.
        const owner = 'done' in found ? { keys: [], storedKeys: 0, activeKeys: 0 } : found;
        if (owner.storedKeys + logins === 0) return noKeys;
        const use = await readKeyUse(store, userId, owner.keys, { now: now(), days: 1 });
        const uses = owner.keys.map((key) => use.lastUsedAt(key)).filter((at) => at !== undefined);
        const lastUse = lastUseOf(uses.length === 0 ? undefined : Math.max(...uses));
        return {
          json: {
            user_id: userId,
            keys: owner.storedKeys,
            active_keys: owner.activeKeys,
            last_used_at: lastUse,
            ...(logins > 0 && { approved_logins: logins }),
          },
          text: [
            lastUse === null
              ? `No request with a key of ${printable(userId)} is known.`
              : `The last request with a key of ${printable(userId)} was at ${lastUse}.`,
            `All keys of ${printable(userId)} will be revoked permanently: ${counted(owner.storedKeys, 'key')} (${owner.activeKeys} active).`,
            ...(logins > 0
              ? [`${counted(logins, 'approved device login')} will be denied, and yield no key.`]
              : []),
          ],
        };
      },
      async execute({ store, now }) {
        const command = { userId, ...author, now: Math.floor(now() / 1000) };
        // Logins are denied before keys are revoked. Otherwise, a login could issue a key in
        // between.
        const denied = await denyRedeemableLogins(store, command);
        return revoked(await revokeAll(store, command), denied);
      },
    };
  },
});
