import { clockSkewOf, type SignInSettings } from '@andamio/schema/console-settings';
import { systemCodeOf } from '@andamio/schema/system-code';
import * as z from 'zod/mini';
import { CliError, exitCodes } from '../exit-code.ts';

const timeoutMs = 15_000;

/**
 * The sign-in settings that the service publishes. They do not include the provider's endpoints,
 * which are read from the provider.
 */
export interface StatedSignIn extends Omit<SignInSettings, 'provider'> {
  /** Seconds by which the service's clock is ahead of the clock of this machine. */
  readonly clockSkew: number;
}

const body = z.object({
  maxExpiresInDays: z.optional(z.nullable(z.number())),
  signIn: z.optional(
    z.nullable(
      z.object({
        issuer: z.string(),
        clientId: z.string(),
        scope: z.string(),
        resource: z.nullable(z.string()),
      }),
    ),
  ),
});

/** The settings that a login needs, out of those that the service publishes for its console. */
export interface ServiceSettings {
  /** The maximum number of days for which a key may be valid. Infinity if there is none. */
  readonly maximumDays: number;
  /** Undefined if the service has no sign-in for browsers. */
  readonly signIn: StatedSignIn | undefined;
}

function unavailable(event: string, reason: string | number | undefined, remedy: string): CliError {
  const detail = reason === undefined ? '' : ` (${reason})`;
  return new CliError(exitCodes.unavailable, `The service ${event}${detail}. ${remedy}`);
}

/**
 * Reads the settings that the service publishes for its console. If the service has no console, or
 * answers without valid settings, there is no sign-in and no maximum.
 *
 * @throws {@link CliError} if the service does not respond, or fails.
 */
export async function readConsoleSettings(url: string): Promise<ServiceSettings> {
  const response = await fetch(`${url}/console/settings.json`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw unavailable(
      'does not respond',
      systemCodeOf(error),
      'Check its URL and your connection.',
    );
  });
  if (response.status >= 500) throw unavailable('failed', response.status, 'Retry later.');
  const settings = response.ok ? await response.json().catch(() => undefined) : undefined;
  const { maxExpiresInDays, signIn } = body.safeParse(settings).data ?? {};
  const clockSkew = clockSkewOf(response.headers.get('date'));
  return {
    maximumDays: maxExpiresInDays ?? Number.POSITIVE_INFINITY,
    signIn: signIn ? { ...signIn, clockSkew } : undefined,
  };
}
