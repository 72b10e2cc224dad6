import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A PATH on which the engine finds a language host for Node: Pulumi's own, or the one in this folder where that is not installed.
 *
 * @param folder takes the program that starts it
 */
export function pathWithLanguageHost(folder: string): string {
  const path = process.env['PATH'] ?? '';
  if (!spawnSync('pulumi-language-nodejs', ['--help'], { stdio: 'ignore' }).error) return path;
  const tools = join(folder, 'tools');
  mkdirSync(tools, { recursive: true });
  const host = join(tools, 'pulumi-language-nodejs');
  writeFileSync(
    host,
    `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'language-host.ts')}' "$@"\n`,
  );
  chmodSync(host, 0o755);
  return `${tools}:${path}`;
}
