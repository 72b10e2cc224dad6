import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { SettingProblem, Settings } from './settings/index.ts';
import { type ServiceSecret, secretIdOf, serviceSecrets } from './settings/service.ts';

/**
 * A secret of the service and the version in use. `secrets:generate` adds versions; their values
 * exist only in Secret Manager.
 */
export interface PinnedSecret extends ServiceSecret {
  readonly id: string;
  /**
   * A version number, never `latest`, so that the value in use changes only with a reviewed update.
   */
  readonly version: number;
}

/** Returns the secrets that have a version in the stack's settings. */
export function pinnedSecrets(settings: Settings): PinnedSecret[] {
  return serviceSecrets.flatMap((secret) => {
    const version = settings[secret.versionKey];
    return version === undefined ? [] : [{ ...secret, id: secretIdOf(settings.service, secret.name), version }];
  });
}

/**
 * Looks up secret versions without their values, and returns a problem for each that is missing or
 * disabled.
 */
export async function versionProblems(
  { project }: Settings,
  secrets: readonly PinnedSecret[],
): Promise<SettingProblem[]> {
  const problems = secrets.map(async ({ id, version, versionKey: key }): Promise<SettingProblem[]> => {
    const named = `names version ${version} of the secret ${id}, which`;
    try {
      const { enabled } = await gcp.secretmanager.getSecretVersion({
        project,
        secret: id,
        version: String(version),
        fetchSecretData: false,
      });
      if (enabled) return [];
      const command = `gcloud secrets versions enable ${version} --secret=${id} --project=${project}`;
      return [{ key, rule: `${named} is not enabled`, command }];
    } catch (error) {
      const { message } = error as Error;
      return /\b404\b|not found/i.test(message)
        ? [{ key, rule: `${named} does not exist`, command: `gcloud secrets versions list ${id} --project=${project}` }]
        : [{ key, rule: `${named} cannot be looked up: ${message}`, command: '' }];
    }
  });
  return (await Promise.all(problems)).flat();
}

/**
 * The grants that let the service's account read its secrets. Revisions depend on it, so that none
 * starts before it can read them.
 */
export class SecretAccess extends pulumi.ComponentResource {
  readonly members: gcp.secretmanager.SecretIamMember[];

  constructor(
    args: {
      readonly settings: Settings;
      readonly secrets: readonly PinnedSecret[];
      readonly reader: gcp.serviceaccount.Account;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('andamio:service:Secrets', 'secrets', {}, opts);
    this.members = args.secrets.map(
      ({ name, id }) =>
        new gcp.secretmanager.SecretIamMember(
          `${name}-reader`,
          {
            project: args.settings.project,
            secretId: id,
            role: 'roles/secretmanager.secretAccessor',
            member: args.reader.member,
          },
          { parent: this },
        ),
    );
    this.registerOutputs();
  }
}
