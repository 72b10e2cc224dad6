import { defineCommand } from '../command.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { counted, printable } from '../text.ts';

export const suspend = defineCommand({
  usage: `--user ID ${changeUsage}`,
  summary: 'Has all keys of a user refused, and its requests for keys, until it is resumed.',
  options: { user: { type: 'string' }, ...changeOptions },
  plan(values) {
    const userId = userOf(values);
    const author = authorOf(values);
    return async ({ store, now }) => {
      const { changed, ids } = await store.suspend({ userId, ...author, now: Math.floor(now() / 1000) });
      const user = printable(userId);
      return {
        done: true,
        json: { outcome: changed ? 'suspended' : 'already_suspended', user_id: userId, active_keys: ids.length },
        text: [
          changed ? `${user} is suspended: ${counted(ids.length, 'key')} refused.` : `${user} is suspended already.`,
        ],
      };
    };
  },
});
