import { spawn } from 'node:child_process';
import { withoutSecrets } from '../program.ts';

/** Reports whether a browser can be opened on the user's screen. */
export function canOpenBrowser(environment: NodeJS.ProcessEnv): boolean {
  const { SSH_CONNECTION, SSH_TTY, DISPLAY, WAYLAND_DISPLAY } = environment;
  if (SSH_CONNECTION || SSH_TTY) return false;
  return process.platform === 'linux' ? Boolean(DISPLAY || WAYLAND_DISPLAY) : true;
}

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/**
 * Opens a URL in the user's browser. Resolves to false if that fails.
 *
 * @param url an http: or https: URL. With other schemes, the system could start any program.
 */
export function openBrowser(url: URL, environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (!/^https?:$/.test(url.protocol)) return Promise.resolve(false);
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, url.href], {
    env: withoutSecrets(environment),
    stdio: 'ignore',
    detached: true,
  });
  // Some programs that open a browser end only when the browser is closed. This process must not
  // wait for that.
  child.unref();
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
