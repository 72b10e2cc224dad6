import type { ConsoleSettings } from '@andamio/schema/console-settings';
import { CliError, exitCodes } from '../exit-code.ts';

const timeoutMs = 15_000;

/**
 * Reads the settings that the service publishes for its console. Returns an empty object if the
 * service has no console, or answers without a JSON object.
 *
 * @throws {@link CliError} if the service does not respond.
 */
export async function readConsoleSettings(url: string): Promise<Partial<ConsoleSettings>> {
  const response = await fetch(`${url}/console/settings.json`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => undefined);
  if (response === undefined || response.status >= 500)
    throw new CliError(exitCodes.unavailable, 'The service does not respond. Check its URL.');
  if (!response.ok) return {};
  const settings: unknown = await response.json().catch(() => undefined);
  return typeof settings === 'object' && settings !== null ? settings : {};
}
