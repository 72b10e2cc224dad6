import type { Surroundings } from '../command.ts';
import { canOpenBrowser } from './browser.ts';
import { readConsoleSettings } from './console-settings.ts';
import { signInToService } from './sign-in-to-service.ts';

/**
 * Signs the user in for one command, if the user is at a terminal with a browser and the service
 * has a sign-in. A script has no terminal, and must not wait for a person to sign in.
 *
 * @returns the token, or undefined if the user cannot be signed in.
 */
export async function signInOnTerminal(surroundings: Surroundings): Promise<string | undefined> {
  const { url, environment, terminal } = surroundings;
  if (!terminal.isTerminal || !canOpenBrowser(environment)) return undefined;
  const { signIn } = await readConsoleSettings(url);
  return signIn && signInToService(signIn, {}, surroundings);
}
