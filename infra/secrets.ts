import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from './settings/index.ts';

/** Where a secret's value comes from: this program, or a version that somebody added by hand. */
export type SecretSource =
  | { readonly kind: 'value'; readonly value: pulumi.Input<string> }
  | { readonly kind: 'version'; readonly version: number; readonly key: string };

/** What a container's variable points at. */
export interface SecretReference {
  readonly secret: pulumi.Output<string>;
  /** A number, never `latest`: which value runs changes with a reviewed update alone. */
  readonly version: pulumi.Output<string>;
}

const week = `${7 * 86_400}s`;

/**
 * A secret with its versions, and who may read it. A new value is a new version; the one before stays readable, since
 * instances that run still start with it, and so does the way back.
 */
export class VersionedSecret extends pulumi.ComponentResource {
  readonly reference: SecretReference;
  readonly secret: gcp.secretmanager.Secret;

  constructor(
    name: string,
    args: { readonly settings: Settings; readonly source: SecretSource; readonly reader: gcp.serviceaccount.Account },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('andamio:service:Secret', name, {}, opts);
    const { settings, source, reader } = args;
    const { project } = settings;
    this.secret = new gcp.secretmanager.Secret(
      `${name}-secret`,
      {
        project,
        secretId: secretIdOf(settings, name),
        replication: { auto: {} },
        versionDestroyTtl: week,
        deletionProtection: settings.protect,
      },
      { parent: this },
    );
    const access = new gcp.secretmanager.SecretIamMember(
      `${name}-reader`,
      { project, secretId: this.secret.secretId, role: 'roles/secretmanager.secretAccessor', member: reader.member },
      { parent: this },
    );
    const version =
      source.kind === 'version'
        ? pulumi.output(String(source.version))
        : new gcp.secretmanager.SecretVersion(
            `${name}-version`,
            { secret: this.secret.id, secretData: pulumi.secret(source.value), deletionPolicy: 'ABANDON' },
            // Protection would refuse the replacement that a rotation is; what is replaced stays in Secret Manager.
            { parent: this, protect: false },
          ).version;
    // Through the access, so that a revision never starts before it may read its secrets.
    this.reference = { secret: access.secretId, version: pulumi.all([version, access.id]).apply(([number]) => number) };
    this.registerOutputs();
  }
}

/** The id of a secret in Secret Manager. */
export function secretIdOf(settings: Pick<Settings, 'service'>, name: string): string {
  return `${settings.service}-${name}`;
}

/**
 * Checks that a version added by hand is there and enabled, without reading its value.
 *
 * @throws {pulumi.RunError} that names the key and the command that adds one.
 */
export async function checkVersionAddedByHand(settings: Settings, name: string, source: SecretSource): Promise<void> {
  if (source.kind === 'value') return;
  const secret = secretIdOf(settings, name);
  const found = await gcp.secretmanager
    .getSecretVersion({ project: settings.project, secret, version: String(source.version), fetchSecretData: false })
    .catch(() => undefined);
  if (found?.enabled) return;
  throw new pulumi.RunError(
    `${pulumi.getProject()}:${source.key} names version ${source.version} of the secret ${secret}, which ${
      found ? 'is not enabled' : 'does not exist'
    }. Add one with: gcloud secrets versions add ${secret} --project=${settings.project} --data-file=- (it prints the number).`,
  );
}
