import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { SettingProblem, Settings } from './settings/index.ts';
import { type ServiceSecret, secretIdOf, serviceSecrets } from './settings/service.ts';

/** A secret of the service and the version that runs. Its value is in Secret Manager alone: `secrets:generate` adds versions. */
export interface PinnedSecret extends ServiceSecret {
  readonly id: string;
  /** A number, never `latest`: which value runs changes with a reviewed update alone. */
  readonly version: number;
}

/** Returns the secrets that the stack's settings name a version of. */
export function pinnedSecrets(settings: Settings): PinnedSecret[] {
  return serviceSecrets.flatMap((secret) => {
    const version = settings[secret.versionKey];
    return version === undefined ? [] : [{ ...secret, id: secretIdOf(settings.service, secret.name), version }];
  });
}

/** Looks up the versions of secrets, without their values, and returns those that are missing or disabled. */
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

/** Lets the service's account read its secrets. Waiting for this keeps a revision from starting before it may. */
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
