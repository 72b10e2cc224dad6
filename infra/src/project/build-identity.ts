import * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../../settings/stack-settings.ts';
import { buildAccountId } from '../image-names.ts';
import { buildPermissions } from '../permissions.ts';
import { allowImpersonation, type Federation, principalOf } from './federation.ts';

export interface BuildIdentityArgs {
  readonly settings: Settings;
  readonly projectNumber: string;
  readonly github: GitHub | undefined;
  readonly federation: Federation | undefined;
  /** The repository that the account pushes to. */
  readonly repository: gcp.artifactregistry.Repository;
  /** The key that the account signs with. */
  readonly key: gcp.kms.CryptoKey;
  /** Name of the note that the account attaches attestations to. */
  readonly note: pulumi.Input<string>;
  readonly attestor: pulumi.Input<string>;
}

/**
 * Creates the account that pushes and attests images, with its grants. One GitHub job and
 * authorized people impersonate it. It cannot deploy.
 */
export function buildIdentity(
  {
    settings,
    projectNumber,
    github,
    federation,
    repository,
    key,
    note,
    attestor,
  }: BuildIdentityArgs,
  opts: pulumi.CustomResourceOptions,
): gcp.serviceaccount.Account {
  const { project, region } = settings;
  const account = new gcp.serviceaccount.Account(
    'build-account',
    { project, accountId: buildAccountId, displayName: 'Pushes and signs images' },
    opts,
  );
  const { member } = account;
  if (github && federation) {
    allowImpersonation(
      'build-job',
      account,
      principalOf(projectNumber, github, 'environment:sign'),
      {
        ...opts,
        dependsOn: [federation.pool],
      },
    );
  }
  new gcp.artifactregistry.RepositoryIamMember(
    'build-pushes',
    {
      project,
      location: region,
      repository: repository.name,
      role: 'roles/artifactregistry.writer',
      member,
    },
    opts,
  );
  new gcp.kms.CryptoKeyIAMMember(
    'build-signs',
    { cryptoKeyId: key.id, role: 'roles/cloudkms.signerVerifier', member },
    opts,
  );
  new gcp.containeranalysis.NoteIamMember(
    'build-attaches',
    { project, note, role: 'roles/containeranalysis.notes.attacher', member },
    opts,
  );
  new gcp.binaryauthorization.AttestorIamMember(
    'build-verifies',
    {
      project,
      attestor,
      role: 'roles/binaryauthorization.attestorsVerifier',
      member,
    },
    opts,
  );
  const role = new gcp.projects.IAMCustomRole(
    'build-role',
    {
      project,
      roleId: 'andamio_build',
      title: 'Attests images',
      description:
        'Creates attestations. A grant on the note controls which note they are attached to',
      permissions: [...buildPermissions],
    },
    opts,
  );
  new gcp.projects.IAMMember('build-attests', { project, role: role.name, member }, opts);
  return account;
}
