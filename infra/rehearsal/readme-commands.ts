import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The commands of a section of the README, as they are printed: its indented lines. */
export function readmeCommands(repository: string, section: string): string[] {
  const text = readFileSync(join(repository, 'README.md'), 'utf8');
  const body = text.split(`\n## ${section}\n`)[1]?.split('\n## ')[0];
  if (body === undefined) throw new Error(`README has no section ${section}.`);
  return body.split('\n').flatMap((line) => /^ {4}(\S.*)$/.exec(line)?.[1] ?? []);
}
