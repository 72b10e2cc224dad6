import { secretSettings, settingNames } from '@andamio/schema/settings';
import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forWorkloads } from '../cloud-run-workloads.ts';
import { forEachKnown, forKind } from '../validation.ts';

/**
 * Requires an image digest, because a tag can be moved and Binary Authorization identifies images
 * only by digest. Source: Google, "Deploy container images to Cloud Run".
 */
export const imageDigests: ResourceValidationPolicy = {
  name: 'run-image-digest',
  description: 'Images are referenced by digest.',
  enforcementLevel: 'mandatory',
  validateResource: forWorkloads(({ containers }, refuse) =>
    forEachKnown(containers, ({ image }) => {
      if (/@sha256:[0-9a-f]{64}$/.test(image)) return;
      refuse(
        `The image ${image} has no digest`,
        'A tag can be moved, so the tested image, the deployed image and the image of a rollback could differ',
        'Use NAME@sha256:DIGEST, with the digest that the registry returned for the push',
      );
    }),
  ),
};

interface Variable {
  readonly name: string;
  readonly value?: string | undefined;
}

const secretNames: readonly string[] = secretSettings;
const ownNames: readonly string[] = settingNames;

/**
 * Returns whether an environment variable is expected to contain a secret. For the service's own
 * variables, the settings schema determines this. For all others, the name does.
 */
function looksSecret(name: string): boolean {
  if (ownNames.includes(name)) return secretNames.includes(name);
  return /secret|passw(or)?d|token|pepper|api[-_]?key|private|credential/i.test(name);
}

/**
 * Returns whether one of the variables has the given name and value, or might have them because its
 * name or value is unknown at preview.
 */
function mayHold(envs: readonly Variable[] | undefined, name: string, value: string): boolean {
  const indexes = [...Array(envs?.length ?? 0).keys()];
  const others = new Set<number>();
  // Name and value are read in separate passes, because each may be unknown and the SDK throws when
  // an unknown value is read.
  forEachKnown(indexes, (index) => void (envs?.[index]?.name !== name && others.add(index)));
  forEachKnown(indexes, (index) => void (envs?.[index]?.value !== value && others.add(index)));
  return others.size < indexes.length;
}

/**
 * Rejects secrets in plain environment variables. Source: Google, "Configure secrets for services".
 */
export const noPlainSecrets: ResourceValidationPolicy = {
  name: 'run-no-plain-secrets',
  description: 'Environment variables with secrets refer to Secret Manager.',
  enforcementLevel: 'mandatory',
  validateResource: forWorkloads(({ containers }, refuse) =>
    forEachKnown(containers, ({ envs }) => {
      const mayUseIdentity = mayHold(envs, 'REDIS_AUTH', 'google-iam');
      forEachKnown(envs, ({ name, valueSource }) => {
        if (!looksSecret(name) || valueSource?.secretKeyRef) return;
        // With REDIS_AUTH=google-iam, the service rejects a URL that contains a password.
        if (name === 'REDIS_URL' && mayUseIdentity) return;
        refuse(
          `The environment variable ${name} has a plain value`,
          'Everyone with read access to the service can read the value, and old revisions keep it',
          'Set valueSource.secretKeyRef to a secret in Secret Manager and its version',
        );
      });
    }),
  ),
};

const isNumbered = (version: string | undefined) => /^[1-9]\d*$/.test(version ?? '');

/**
 * Requires a version number for each secret of a container, instead of `latest`. Source: Google,
 * "Configure secrets for services".
 */
export const pinnedSecretVersions: ResourceValidationPolicy = {
  name: 'run-pinned-secret-versions',
  description: 'Secrets are pinned to a version number.',
  enforcementLevel: 'mandatory',
  validateResource: forWorkloads(({ containers, volumes }, refuse) => {
    const refuseFloating = (where: string) =>
      refuse(
        `${where} is not pinned to a version number`,
        'Instances that start at different times could read different values, and a rollback would not restore the old value',
        'Set the version number, and deploy a new revision to rotate the secret',
      );
    forEachKnown(containers, ({ envs }) =>
      forEachKnown(envs, ({ name, valueSource }) => {
        const reference = valueSource?.secretKeyRef;
        if (reference && !isNumbered(reference.version)) refuseFloating(`The secret of ${name}`);
      }),
    );
    forEachKnown(volumes, ({ name, secret }) => {
      // Without items, Cloud Run mounts the latest version.
      if (secret && !secret.items?.length) refuseFloating(`The secret of volume ${name}`);
      forEachKnown(secret?.items, ({ path, version }) => {
        if (!isNumbered(version)) refuseFloating(`The secret of volume ${name} at ${path}`);
      });
    });
  }),
};

/**
 * Requires a startup probe and a liveness probe for each container. Source: Google, "Configure
 * container health checks for services".
 */
export const probes: ResourceValidationPolicy = {
  name: 'run-probes',
  description: 'Containers of a service have a startup probe and a liveness probe.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('service', ({ template }, refuse) =>
    forEachKnown(template.containers, (container) => {
      const missing = (['startupProbe', 'livenessProbe'] as const).filter(
        (probe) => !container[probe],
      );
      if (missing.length === 0) return;
      refuse(
        `A container has no ${missing.join(' and no ')}`,
        'Instances would receive requests before they are ready, or after they stop responding',
        'Set startupProbe to /health/ready and livenessProbe to /health/live',
      );
    }),
  ),
};
