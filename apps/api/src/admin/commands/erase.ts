import { printable } from '@andamio/schema/printable';
import { counted } from '@andamio/schema/terminal-text';
import { defineCommand } from '../command.ts';
import { confirmationOptions, confirmationUsage } from '../confirmation.ts';
import { authorOf, userOf } from '../options.ts';
import { findOwner } from './owner.ts';

export const erase = defineCommand({
  usage: `--user ID ${confirmationUsage} [--by NAME]`,
  summary:
    'Deletes everything that is stored about a user, including a suspension. One audit entry remains, with a hash of the id.',
  // No --reason: it would remain in the audit log and could identify the person.
  options: { user: { type: 'string' }, by: { type: 'string' }, ...confirmationOptions },
  printsSecret: false,
  plan(values, environment) {
    const userId = userOf(values);
    const { by } = authorOf({ by: values.by }, environment);
    const user = printable(userId);
    return {
      needsConfirmation: true,
      async preview(context) {
        const owner = await findOwner(context, userId);
        if ('done' in owner) {
          const text = [
            `There is no user ${user}. Remaining usage and audit entries will be deleted permanently.`,
          ];
          return {
            json: { user_id: userId, keys: 0, active_keys: 0, suspended: false },
            text,
            isUnknown: true,
          };
        }
        const { activeKeys, storedKeys, suspended } = owner;
        return {
          json: { user_id: userId, keys: storedKeys, active_keys: activeKeys, suspended },
          text: [
            `Everything that is stored about ${user} will be deleted permanently: ${counted(storedKeys, 'key')} (${activeKeys} active), usage, and the audit log.`,
            ...(suspended
              ? [`This also ends the suspension of ${user}, who can then request keys again.`]
              : []),
          ],
        };
      },
      async execute({ store, now }) {
        if (!(await store.erase({ userId, by, now: Math.floor(now() / 1000) }))) {
          return {
            done: false,
            json: { outcome: 'no_such_user' },
            text: ['Nothing is stored about this user.'],
          };
        }
        return {
          done: true,
          json: { outcome: 'erased', user_id: userId },
          text: [
            `Everything that was stored about ${user} is deleted.`,
            'Usage that was counted before and is not stored yet will not be stored.',
          ],
        };
      },
    };
  },
});
