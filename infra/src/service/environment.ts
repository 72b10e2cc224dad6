import { type SettingName, storeSettings } from '@andamio/schema/settings';
import type * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import { type ProgramVariable, passedVariables } from '../../settings/service-variables.ts';
import type { Settings } from '../../settings/stack-settings.ts';
import type { RateLimitCounters } from './rate-limit-counters.ts';
import type { PinnedSecret } from './secrets.ts';

/** The value of an environment variable: plain text, or a pinned version of a secret. */
type Value = pulumi.Input<string> | PinnedSecret;

/** A container's environment. The compiler rejects names that the service does not read. */
export type Environment = Readonly<Partial<Record<SettingName, Value>>>;

/**
 * Returns the service's complete environment, which combines the stack's settings, the secrets and
 * the attributes of created resources.
 */
export function serviceEnvironment(
  settings: Settings,
  secrets: readonly PinnedSecret[],
  counters: Pick<RateLimitCounters, 'url' | 'certificates'> | undefined,
): Environment {
  const own: Record<ProgramVariable, Value | undefined> = {
    NODE_ENV: 'production',
    KEY_STORE: 'firestore',
    GOOGLE_CLOUD_PROJECT: settings.project,
    FIRESTORE_DATABASE: settings.usedDatabase,
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

/**
 * Returns the part of the service's environment that `admin.js` reads. The peppers are the only
 * secrets in it.
 */
export function adminEnvironment(service: Environment): Environment {
  const read: ReadonlySet<string> = new Set(storeSettings);
  return Object.fromEntries(Object.entries(service).filter(([name]) => read.has(name)));
}

const isSecret = (value: Value): value is PinnedSecret =>
  typeof value === 'object' && 'versionKey' in value;

/**
 * Returns an environment in Cloud Run's format. Variables are sorted by name, so that their order
 * never shows as a change.
 */
export function toContainerEnvs(
  environment: Environment,
): gcp.types.input.cloudrunv2.JobTemplateTemplateContainerEnv[] {
  return (Object.entries(environment) as [SettingName, Value][])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      isSecret(value)
        ? {
            name,
            valueSource: { secretKeyRef: { secret: value.id, version: String(value.version) } },
          }
        : { name, value },
    );
}
