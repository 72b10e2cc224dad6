import { spawnSync } from 'node:child_process';

const works = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** What is missing for nginx on this machine, in words, or undefined when nothing is. */
export function missingForNginx(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return works('nginx', '-v') ? undefined : 'nginx (Debian: nginx-light)';
}
