import type { Command } from './command.ts';
import { audit } from './commands/audit.ts';
import { digestKeys } from './commands/digest-keys.ts';
import { erase } from './commands/erase.ts';
import { list } from './commands/list.ts';
import { rehashReport } from './commands/rehash-report.ts';
import { resume } from './commands/resume.ts';
import { revoke } from './commands/revoke.ts';
import { serveFor } from './commands/serve.ts';
import { setTier } from './commands/set-tier.ts';
import { show } from './commands/show.ts';
import { stale } from './commands/stale.ts';
import { stats } from './commands/stats.ts';
import { suspend } from './commands/suspend.ts';
import { usage } from './commands/usage.ts';
import { users } from './commands/users.ts';

/** All commands except `serve`, by verb. */
const tasks: ReadonlyMap<string, Command> = new Map([
  ['show', show],
  ['users', users],
  ['list', list],
  ['stale', stale],
  ['audit', audit],
  ['usage', usage],
  ['set-tier', setTier],
  ['revoke', revoke],
  ['suspend', suspend],
  ['resume', resume],
  ['erase', erase],
  ['stats', stats],
  ['rehash-report', rehashReport],
  ['digest-keys', digestKeys],
]);

/** All commands by verb, in the order of the help. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ...tasks,
  ['serve', serveFor(tasks)],
]);

/** Former verbs that still work, with the verbs that replaced them. The help does not list them. */
const formerVerbs: ReadonlyMap<string, string> = new Map([['repepper-report', 'rehash-report']]);

/** Returns the current name of a verb. */
export const currentVerb = (verb: string): string => formerVerbs.get(verb) ?? verb;
