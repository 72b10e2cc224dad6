import type { SettingName } from '@andamio/schema/settings';
import type * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import type { PinnedSecret } from './secrets.ts';

/** The value of an environment variable: plain text, or a pinned version of a secret. */
export type Value = pulumi.Input<string> | PinnedSecret;

/** The service's environment. The compiler rejects names that the service does not read. */
export type Environment = Readonly<Partial<Record<SettingName, Value>>>;

const isSecret = (value: Value): value is PinnedSecret =>
  typeof value === 'object' && 'versionKey' in value;

/**
 * Returns the environment in Cloud Run's format. Variables are sorted by name, so that their order
 * never shows as a change.
 */
export function toContainerEnvs(
  variables: Environment,
): gcp.types.input.cloudrunv2.JobTemplateTemplateContainerEnv[] {
  return (Object.entries(variables) as [SettingName, Value][])
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
