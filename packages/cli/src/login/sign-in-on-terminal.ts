import type { Terminal } from '../terminal.ts';
import { canOpenBrowser } from './browser.ts';
import { readConsoleSettings } from './console-settings.ts';
import { signInToService } from './sign-in-to-service.ts';

/**
 * Signs the user in for one command, if the user is at a terminal with a browser and the service
 * has a sign-in. Without a terminal, a script would wait for a person.
 *
 * @param isUrlOption whether the URL was given by `--url`
 * @returns the token, or undefined if the user cannot be signed in.
 */
export async function signInOnTerminal(
  url: string,
  isUrlOption: boolean,
  environment: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<string | undefined> {
  if (!terminal.isTerminal || !canOpenBrowser(environment)) return undefined;
  const { signIn: settings } = await readConsoleSettings(url);
  return settings
    ? signInToService({ url, isUrlOption, settings, environment, terminal })
    : undefined;
}
