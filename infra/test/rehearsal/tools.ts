import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Returns a PATH that contains a Node.js language host: Pulumi's own if it is installed, otherwise
 * the one in this folder.
 *
 * @param folder the folder for the script that starts the language host
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
