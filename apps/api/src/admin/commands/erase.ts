import { defineCommand } from '../command.ts';
import { authorOf, userOf } from '../options.ts';
import { printable } from '../text.ts';

export const erase = defineCommand({
  usage: '--user ID [--by NAME]',
  summary: 'Removes everything that is stored of a user. One entry of the audit log is left, with the hash of its id.',
  // No reason: it would stay, and people would write there whom it was about.
  options: { user: { type: 'string' }, by: { type: 'string' } },
  plan(values) {
    const userId = userOf(values);
    const { by } = authorOf({ by: values.by });
    return async ({ store, now }) => {
      if (!(await store.erase({ userId, by, now: Math.floor(now() / 1000) }))) {
        return { done: false, json: { outcome: 'no_such_user' }, text: ['Nothing is stored of this user.'] };
      }
      return {
        done: true,
        json: { outcome: 'erased', user_id: userId },
        text: [
          `All that was stored of ${printable(userId)} is removed.`,
          'A running service may still write what it counted in the last seconds: erase again in a minute.',
        ],
      };
    };
  },
});
