import { version } from '../version.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';

function describe([verb, { usage, summary }]: readonly [string, Command]): string {
  return `  ${`${verb} ${usage}`.trimEnd()}\n      ${summary}`;
}

/** Returns the version of the service that the tool belongs to, and the Node that runs it. */
export function versionText(): string {
  return `andamio-api ${version} (Node ${process.versions.node})\n`;
}

/** Returns the help on all commands, or on one. */
export function helpOn(verb?: string): string {
  const told = [...commands].filter(([name]) => verb === undefined || name === verb);
  return `node admin.js COMMAND [--json]

${told.map(describe).join('\n')}

Reads the service's own settings of the store and works on that store while the service runs; the first line on standard
error names it. It never creates a store or a secret. suspend, erase, revoke --user and usage --reset show what they
would do and ask first: --yes answers, and is required without a terminal; --dry-run changes nothing. Every change is
in the audit log under the name of --by, or else of the system's user; a Cloud Run job requires --by. Keys are read from
standard input only. Running instances refuse revoked and suspended keys within VERIFY_CACHE_SECONDS. --json prints one
line for programs.

Exit codes: 0 done, 1 not found, refused or canceled, 64 wrong usage, 69 the store did not answer, 70 unexpected error,
74 the report could not be written, 78 wrong settings or no store.
`;
}
