import { type ProgramVariable, passedVariables } from '../../settings/service-variables.ts';
import type { Settings } from '../../settings/stack-settings.ts';
import type { Environment, Value } from './environment.ts';
import type { RateLimitCounters } from './rate-limit-counters.ts';
import type { PinnedSecret } from './secrets.ts';

/**
 * Returns the service's complete environment, which combines the stack's settings, the secrets and
 * the attributes of created resources.
 */
export function serviceEnvironment(
  settings: Settings,
  secrets: readonly PinnedSecret[],
  counters: RateLimitCounters | undefined,
): Environment {
  const own: Record<ProgramVariable, Value | undefined> = {
    NODE_ENV: 'production',
    KEY_STORE: 'firestore',
    GOOGLE_CLOUD_PROJECT: settings.project,
    FIRESTORE_DATABASE: settings.database,
    REDIS_URL: counters?.url,
    REDIS_CA: counters?.certificates,
    REDIS_AUTH: counters && 'google-iam',
    // Cloud Run's front end is the only proxy between the client and the container.
    TRUST_PROXY_HOPS: '1',
  };
  const all: [string, Value | undefined][] = [
    ...Object.entries(own),
    ...passedVariables.map(({ variable, key }): [string, Value | undefined] => [
      variable,
      settings[key],
    ]),
    ...secrets.map((secret): [string, Value] => [secret.variable, secret]),
  ];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
