import { types } from '../../resources.ts';
import type { Resource } from '../harness/violations.ts';
import { account, type Cases, projectMember } from './cases.ts';

const folderMember = (role: string): Resource => ({
  type: 'gcp:folder/iAMMember:IAMMember',
  props: { folder: 'folders/1', member: account, role },
});

const onAccount = (role: string): Resource => ({
  type: 'gcp:serviceaccount/iAMMember:IAMMember',
  props: { serviceAccountId: 'projects/example/serviceAccounts/api', member: account, role },
});

const onSecret = (role: string, form = 'Member'): Resource => ({
  type: `gcp:secretmanager/secretIam${form}:SecretIam${form}`,
  props: { secretId: 'key-peppers', role, member: account, members: [account] },
});

const onService = (role: string): Resource => ({
  type: 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
  props: { name: 'andamio-api', role, member: account },
});

const customRole = (...permissions: string[]): Resource => ({
  type: types.customRole,
  props: { project: 'example', roleId: 'custom', title: 'Custom', permissions },
});

export const roleCases: Cases = {
  'iam-no-basic-roles': {
    accepts: { 'a predefined role': [projectMember(account, 'roles/datastore.viewer')] },
    refuses: Object.fromEntries(
      ['admin', 'writer', 'reader', 'owner', 'editor', 'viewer'].map((role) => [
        role,
        [/thousands of permissions.*custom role/, projectMember(account, `roles/${role}`)],
      ]),
    ),
  },
  'iam-no-project-wide-admin': {
    accepts: {
      'an admin of one resource': [onService('roles/run.admin')],
      'a lesser role on the project': [projectMember(account, 'roles/run.developer')],
    },
    refuses: {
      'run.admin': [
        /grant others access.*single resource/,
        projectMember(account, 'roles/run.admin'),
      ],
      'storage.objectAdmin': [
        /roles\/storage.objectAdmin is granted/,
        projectMember(account, 'roles/storage.objectAdmin'),
      ],
      'an admin of a folder': [/on the whole project/, folderMember('roles/datastore.indexAdmin')],
    },
  },
  'iam-no-project-wide-impersonation': {
    accepts: { 'impersonation of one account': [onAccount('roles/iam.serviceAccountUser')] },
    refuses: Object.fromEntries(
      [
        'serviceAccountUser',
        'serviceAccountTokenCreator',
        'serviceAccountOpenIdTokenCreator',
        'workloadIdentityUser',
      ].map((role) => [
        role,
        [
          /every service account of the project.*serviceaccount.IAMMember/,
          projectMember(account, `roles/iam.${role}`),
        ],
      ]),
    ),
  },
  'iam-custom-role-permissions': {
    accepts: {
      'reading and updating resources': [
        customRole(
          'run.services.update',
          'secretmanager.secrets.getIamPolicy',
          'secretmanager.versions.get',
          'artifactregistry.repositories.get',
          'iam.serviceAccounts.get',
        ),
      ],
    },
    refuses: Object.fromEntries([
      [
        'a custom role of the organization',
        [
          /The custom role contains secretmanager.versions.access/,
          {
            type: types.organizationCustomRole,
            props: {
              orgId: '1',
              roleId: 'custom',
              title: 'Custom',
              permissions: ['secretmanager.versions.access'],
            },
          },
        ],
      ] as const,
      ...[
        'resourcemanager.projects.setIamPolicy',
        'secretmanager.secrets.setIamPolicy',
        'secretmanager.versions.access',
        'iam.roles.create',
        'iam.roles.update',
        'iam.serviceAccountKeys.create',
        'iam.serviceAccountKeys.upload',
        'iam.serviceAccounts.actAs',
        'iam.serviceAccounts.getAccessToken',
        'iam.serviceAccounts.getOpenIdToken',
        'iam.serviceAccounts.signBlob',
        'iam.serviceAccounts.signJwt',
        'iam.serviceAccounts.implicitDelegation',
        'artifactregistry.repositories.uploadArtifacts',
        'cloudkms.cryptoKeyVersions.useToSign',
        'containeranalysis.notes.attachOccurrence',
      ].map(
        (permission) =>
          [
            permission,
            [
              /The custom role contains .*recognize only predefined roles.*on a single resource/,
              customRole('run.services.get', permission),
            ],
          ] as const,
      ),
    ]),
  },
  'secret-no-values-in-state': {
    accepts: { 'access to a secret': [onSecret('roles/secretmanager.secretAccessor')] },
    refuses: Object.fromEntries(
      ['secretVersion:SecretVersion', 'regionalSecretVersion:RegionalSecretVersion'].map((name) => [
        name,
        [
          /declares the value of a secret.*access to the state.*secrets:generate/,
          { type: `gcp:secretmanager/${name}`, props: { secret: 's', secretData: 'hunter2' } },
        ],
      ]),
    ),
  },
  'secret-access-per-secret': {
    accepts: {
      'on one secret': [onSecret('roles/secretmanager.secretAccessor')],
      'on one regional secret': [
        {
          type: 'gcp:secretmanager/regionalSecretIamMember:RegionalSecretIamMember',
          props: { role: 'roles/secretmanager.secretAccessor', member: account },
        },
      ],
      'another role on the project': [projectMember(account)],
    },
    refuses: {
      'on a project': [
        /applies to all secrets.*secretmanager.SecretIamMember/,
        projectMember(account, 'roles/secretmanager.secretAccessor'),
      ],
      'on a folder': [/applies to all secrets/, folderMember('roles/secretmanager.secretAccessor')],
      'by a binding': [
        /A binding removes the access/,
        onSecret('roles/secretmanager.secretAccessor', 'Binding'),
      ],
    },
  },
  'secret-no-project-wide-roles': {
    accepts: {
      'on one secret': [onSecret('roles/secretmanager.viewer')],
      'another role on the project': [projectMember(account)],
    },
    refuses: {
      'on a project': [
        /all secrets of the project.*Grant the role on a single secret/,
        projectMember(account, 'roles/secretmanager.secretVersionManager'),
      ],
      'on a folder': [/whole project/, folderMember('roles/secretmanager.viewer')],
    },
  },
};
