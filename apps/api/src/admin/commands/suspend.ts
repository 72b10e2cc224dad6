import { suspend as suspendOwner } from '@andamio/keys/suspend';
import { printable } from '@andamio/schema/printable';
import { counted } from '@andamio/schema/terminal-text';
import { defineCommand } from '../command.ts';
import { confirmationOptions, confirmationUsage } from '../confirmation.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { findOwner, noSuchUser } from './owner.ts';

export const suspend = defineCommand({
  usage: `--user ID ${confirmationUsage} ${changeUsage}`,
  summary: "Refuses all of a user's keys and requests for keys until the user is resumed.",
  options: { user: { type: 'string' }, ...confirmationOptions, ...changeOptions },
  printsSecret: false,
  plan(values, environment) {
    const userId = userOf(values);
    const author = authorOf(values, environment);
    const user = printable(userId);
    return {
      needsConfirmation: true,
      async preview(context) {
        const owner = await findOwner(context, userId);
        if ('done' in owner) return owner;
        return {
          json: { user_id: userId, suspended: owner.suspended, active_keys: owner.activeKeys },
          text: [
            owner.suspended
              ? `${user} is already suspended.`
              : `${user} will be suspended: ${counted(owner.activeKeys, 'active key')} will be refused.`,
          ],
        };
      },
      async execute(context) {
        const { store, now } = context;
        const owner = await findOwner(context, userId);
        if ('done' in owner) return owner;
        const { activeKeys } = owner;
        const outcome = await suspendOwner(store, {
          userId,
          ...author,
          now: Math.floor(now() / 1000),
        });
        if (outcome === 'no_such_user') return noSuchUser;
        return {
          done: true,
          json: { outcome, user_id: userId, active_keys: activeKeys },
          text: [
            outcome === 'suspended'
              ? `${user} is suspended: ${counted(activeKeys, 'key')} refused.`
              : `${user} is already suspended.`,
          ],
        };
      },
    };
  },
});
