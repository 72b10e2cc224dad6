import { versions } from 'node:process';
import { version } from '../version.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';

function describe([verb, { usage, summary }]: readonly [string, Command]): string {
  return `  ${`${verb} ${usage}`.trimEnd()}\n      ${summary}`;
}

/** Returns the version of the service and of Node. */
export function versionText(): string {
  return `andamio-api ${version} (Node ${versions.node})\n`;
}

/** Returns the help for one command, or for all. */
export function helpOn(verb?: string): string {
  const listed = [...commands].filter(([name]) => verb === undefined || name === verb);
  return `node admin.js COMMAND [--json]

${listed.map(describe).join('\n')}

Works on the store that the service's own settings select, while the service runs. The first
line on standard error names the store. The tool never creates a store or a secret.

suspend, erase, revoke --user and usage --reset show what they would change and ask for
confirmation. --yes confirms, and is required without a terminal. With --dry-run, these commands
and revoke of one key show what they would change, and change nothing.
The audit log records every change with the name that --by gives, or else the name of the
system user. In a Cloud Run job, --by is required. Keys are read from standard input only.
Running instances refuse revoked and suspended keys within VERIFY_CACHE_SECONDS. --json prints
one line of JSON.

Exit codes: 0 done, 1 not found, refused or canceled, 64 invalid usage, 69 the store did not
respond, 70 unexpected error, 74 the report could not be written, 78 invalid settings or no store.
`;
}
