import type { Command } from './command.ts';
import { completion } from './commands/completion.ts';
import { create } from './commands/keys-create.ts';
import { deleteKey } from './commands/keys-delete.ts';
import { extend } from './commands/keys-extend.ts';
import { list } from './commands/keys-list.ts';
import { roll } from './commands/keys-roll.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { printKey } from './commands/print-key.ts';
import { usage } from './commands/usage.ts';
import { verify } from './commands/verify.ts';
import { whoami } from './commands/whoami.ts';

/** All commands by name, such as `keys create`, in the order in which the help lists them. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['login', login],
  ['logout', logout],
  ['print-key', printKey],
  ['keys list', list],
  ['keys create', create],
  ['keys extend', extend],
  ['keys roll', roll],
  ['keys delete', deleteKey],
  ['usage', usage],
  ['verify', verify],
  ['whoami', whoami],
  ['completion', completion(() => commands)],
]);
