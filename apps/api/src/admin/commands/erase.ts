import { defineCommand } from '../command.ts';
import { confirmationOptions, confirmationUsage } from '../confirmation.ts';
import { authorOf, userOf } from '../options.ts';
import { counted, printable } from '../text.ts';
import { findOwner } from './owner.ts';

export const erase = defineCommand({
  usage: `--user ID ${confirmationUsage} [--by NAME]`,
  summary:
    'Removes everything that is stored of a user, a suspension included. One audit entry stays, with a hash of the id.',
  // No reason: it would stay, and would name the person it was about.
  options: { user: { type: 'string' }, by: { type: 'string' }, ...confirmationOptions },
  plan(values) {
    const userId = userOf(values);
    const { by } = authorOf({ by: values.by });
    const user = printable(userId);
    return {
      async preview(context) {
        const owner = await findOwner(context, userId);
        if ('done' in owner) {
          const text = [
            `Nothing is known of ${user} itself. Usage or audit entries that are left are removed for good.`,
          ];
          return { json: { user_id: userId, keys: 0, active_keys: 0, suspended: false }, text, isUnknown: true };
        }
        const { activeKeys, storedKeys, suspended } = owner;
        return {
          json: { user_id: userId, keys: storedKeys, active_keys: activeKeys, suspended },
          text: [
            `Everything that is stored of ${user} is removed for good: ${counted(storedKeys, 'key')} (${activeKeys} active), usage, and the audit log.`,
            ...(suspended ? [`The suspension of ${user} ends with it: the user may request keys again.`] : []),
          ],
        };
      },
      async execute({ store, now }) {
        if (!(await store.erase({ userId, by, now: Math.floor(now() / 1000) }))) {
          return { done: false, json: { outcome: 'no_such_user' }, text: ['Nothing is stored of this user.'] };
        }
        return {
          done: true,
          json: { outcome: 'erased', user_id: userId },
          text: [
            `Everything that was stored of ${user} is removed.`,
            'A running service may still write what it counted in the last seconds: erase again in a minute.',
          ],
        };
      },
    };
  },
});
