import { type ResumeOutcome, resume as resumeOwner } from '@andamio/keys/suspend';
import { printable } from '@andamio/schema/printable';
import { defineCommand } from '../command.ts';
import { authorOf, changeOptions, changeUsage, userOf } from '../options.ts';
import { noSuchUser } from './owner.ts';

const messages: Record<Exclude<ResumeOutcome, 'no_such_user'>, string> = {
  resumed: 'is no longer suspended.',
  not_suspended: 'was not suspended.',
  being_erased: 'is being erased. Run erase again to complete it.',
};

export const resume = defineCommand({
  usage: `--user ID ${changeUsage}`,
  summary: 'Ends a suspension.',
  options: { user: { type: 'string' }, ...changeOptions },
  printsSecret: false,
  plan(values, environment) {
    const userId = userOf(values);
    const author = authorOf(values, environment);
    return async (context) => {
      const outcome = await resumeOwner(context.store, {
        userId,
        ...author,
        now: Math.floor(context.now() / 1000),
      });
      if (outcome === 'no_such_user') return noSuchUser;
      return {
        done: outcome !== 'being_erased',
        json: { outcome, user_id: userId },
        text: [`${printable(userId)} ${messages[outcome]}`],
      };
    };
  },
});
