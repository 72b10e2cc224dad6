import type { Command } from './command.ts';
import { digestKeys } from './commands/digest-keys.ts';
import { erase } from './commands/erase.ts';
import { list } from './commands/list.ts';
import { repepperReport } from './commands/repepper-report.ts';
import { resume } from './commands/resume.ts';
import { revoke } from './commands/revoke.ts';
import { stats } from './commands/stats.ts';
import { suspend } from './commands/suspend.ts';

/** All commands by their verbs, in the order in which help tells them. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['list', list],
  ['revoke', revoke],
  ['suspend', suspend],
  ['resume', resume],
  ['erase', erase],
  ['stats', stats],
  ['repepper-report', repepperReport],
  ['digest-keys', digestKeys],
]);
