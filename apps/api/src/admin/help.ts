import type { Command } from './command.ts';
import { commands } from './commands.ts';

function describe([verb, { usage, summary }]: readonly [string, Command]): string {
  return `  ${`${verb} ${usage}`.trimEnd()}\n      ${summary}`;
}

/** What the tool can do, or one command of it. */
export function helpOn(verb?: string): string {
  const told = [...commands].filter(([name]) => verb === undefined || name === verb);
  return `node admin.js COMMAND [--json]

${told.map(describe).join('\n')}

It works on the store of the service, by the service's own environment, while the service runs. Every change is in the audit
log with the name that --by gives, or else that of the system's user. Keys are read from standard input only. Running
instances refuse what was revoked or suspended within VERIFY_CACHE_SECONDS. With --json, answers are one line for programs.

Exit codes: 0 done, 1 nothing found or refused, 64 wrong usage, 69 the store did not answer, 70 an error nobody thought of,
78 wrong settings.
`;
}
