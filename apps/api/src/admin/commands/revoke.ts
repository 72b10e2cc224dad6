import { countRedeemableLogins, denyRedeemableLogins } from '@andamio/keys/device-login/withdraw';
import { readKeyUse } from '@andamio/keys/last-use';
import { type RevokedKey, revokeKey, revokeSecret } from '@andamio/keys/revoke';
import { printable } from '@andamio/schema/printable';
import { isKeyId, type KeyId } from '@andamio/verification/digest';
import { type Context, defineCommand, type Report, UsageError } from '../command.ts';
import { confirmationOptions, confirmationUsage } from '../confirmation.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { counted } from '../text.ts';
import { digestersOf, keyFromInput, lastUseOf, noSuchKey, notAKey } from './key.ts';
import { findOwner } from './owner.ts';

type Author = ReturnType<typeof authorOf>;

const noKeys: Report = {
  done: false,
  json: { outcome: 'no_such_key' },
  text: ['There is no such key.'],
};

function revoked(keys: readonly RevokedKey[], deniedLogins = 0): Report {
  if (keys.length + deniedLogins === 0) return noKeys;
  return {
    done: true,
    json: {
      outcome: 'revoked',
      keys: keys.map(({ id, userId, name }) => ({ id, user_id: userId, name })),
      ...(deniedLogins > 0 && { denied_logins: deniedLogins }),
    },
    text: [
      ...keys.map(({ id, userId, name }) => `${id}  ${printable(userId)}  ${printable(name)}`),
      `${counted(keys.length, 'key')} revoked.`,
      ...(deniedLogins > 0 ? [`${counted(deniedLogins, 'approved device login')} denied.`] : []),
    ],
  };
}

async function revokeFromInput(context: Context, { by, reason }: Author): Promise<Report> {
  const key = await keyFromInput(context);
  if (key === undefined) return notAKey;
  const { store, now } = context;
  const outcome = await revokeKey({ store, digesters: digestersOf(context), now }, key, by, reason);
  return outcome === 'no_such_key' ? noSuchKey(context) : revoked([outcome]);
}

async function revokeById({ store, now }: Context, id: KeyId, author: Author): Promise<Report> {
  const outcome = await revokeSecret(store, {
    ids: [id],
    ...author,
    now: Math.floor(now() / 1000),
  });
  return outcome === 'no_such_key' ? noKeys : revoked([outcome]);
}

export const revoke = defineCommand({
  usage: `--key-stdin | --id KEY_ID | --user ID ${confirmationUsage} ${changeUsage}`,
  summary:
    'Revokes one key, or all keys of a user. Together with all keys, approved device logins are denied.',
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
    if (fromInput) return (context) => revokeFromInput(context, author);
    if (id !== undefined) {
      if (!isKeyId(id))
        throw new UsageError('--id must be a key id of 64 lowercase hexadecimal digits.');
      return (context) => revokeById(context, id, author);
    }
    const userId = userOf(values);
    return {
      async preview(context) {
        const { store, now } = context;
        const present = Math.floor(now() / 1000);
        const logins = await countRedeemableLogins(store, { userId, now: present });
        const found = await findOwner(context, userId);
        if ('done' in found && logins === 0) return found;
        // A user who has approved a login but has never had a key has no stored data.
        const owner = 'done' in found ? { keys: [], storedKeys: 0, activeKeys: 0 } : found;
        if (owner.storedKeys + logins === 0) return noKeys;
        const use = await readKeyUse(store, userId, owner.keys, { now: now(), days: 0 });
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
        return revoked(await store.revokeAll(command), denied);
      },
    };
  },
});
