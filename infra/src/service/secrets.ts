import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import {
  type ServiceSecret,
  secretIdOf,
  serviceSecrets,
} from '../../settings/service-variables.ts';
import type { SettingProblem, Settings } from '../../settings/stack-settings.ts';

/**
 * A secret of the service, pinned to one version. `secrets:generate` adds versions. Secret values
 * exist only in Secret Manager.
 */
export interface PinnedSecret extends ServiceSecret {
  readonly id: string;
  /**
   * A version number, never `latest`, so that the value in use changes only through a reviewed
   * update.
   */
  readonly version: number;
}

/** Returns the secrets whose version is set in the stack's settings. */
export function pinnedSecrets(settings: Settings): PinnedSecret[] {
  return serviceSecrets.flatMap((secret) => {
    const version = settings[secret.versionKey];
    return version === undefined
      ? []
      : [{ ...secret, id: secretIdOf(settings.service, secret.name), version }];
  });
}

/**
 * Looks up the metadata of the pinned secret versions. Returns a problem for each version that is
 * missing or disabled.
 */
export async function versionProblems(
  { project }: Settings,
  secrets: readonly PinnedSecret[],
): Promise<SettingProblem[]> {
  const problems = secrets.map(
    async ({ id, version, versionKey: key }): Promise<SettingProblem[]> => {
      const reference = `refers to version ${version} of the secret ${id}, which`;
      try {
        const { enabled } = await gcp.secretmanager.getSecretVersion({
          project,
          secret: id,
          version: String(version),
          fetchSecretData: false,
        });
        if (enabled) return [];
        const command = `gcloud secrets versions enable ${version} --secret=${id} --project=${project}`;
        return [{ key, rule: `${reference} is not enabled`, command }];
      } catch (error) {
        const { message } = error as Error;
        return /\b404\b|not found/i.test(message)
          ? [
              {
                key,
                rule: `${reference} does not exist`,
                // This command creates a secret that does not exist, such as one that was deleted
                // after a tear-down. If only the version does not exist, it says how to choose one.
                command: 'npx -y pnpm@12 secrets:generate STACK',
              },
            ]
          : [{ key, rule: `${reference} cannot be looked up: ${message}`, command: '' }];
      }
    },
  );
  return (await Promise.all(problems)).flat();
}

/**
 * The grants that allow the service's account to read its secrets. The service depends on these
 * grants, because a revision cannot start without them.
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
    // The type differs from the name of the class, because a new type would replace the resources.
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
