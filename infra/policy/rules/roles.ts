import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forRoles, isProjectWide } from '../grants.ts';
import { forEachKnown, forKind } from '../validation.ts';

/**
 * Rejects the basic roles: Admin, Writer and Reader, and the legacy roles Owner, Editor and Viewer.
 * Sources: Checkov CKV_GCP_117; Google, "Basic roles" (do not grant them in production).
 */
export const noBasicRoles: ResourceValidationPolicy = {
  name: 'iam-no-basic-roles',
  description: 'Basic roles, such as Editor and Writer, are not granted.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse) => {
    if (!/^roles\/(admin|writer|reader|owner|editor|viewer)$/.test(role)) return;
    refuse(
      `${role} is granted`,
      'The role includes thousands of permissions on all services of the project, and Google adds more',
      'Grant predefined roles of individual services, or a custom role',
    );
  }),
};

/** Rejects project-wide administrator roles. Source: Checkov CKV_GCP_42. */
export const noAdminOfProjects: ResourceValidationPolicy = {
  name: 'iam-no-project-wide-admin',
  description: 'Administrator roles are not granted on a whole project.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (!isProjectWide(type) || !/admin$/i.test(role)) return;
    refuse(
      `${role} is granted on the whole project`,
      'An administrator of a service can also grant others access to it',
      'Grant the role on a single resource, or grant a custom role with the required permissions',
    );
  }),
};

/** Matches the roles that allow a member to impersonate a service account. */
const impersonation =
  /^roles\/iam\.(serviceAccount(User|TokenCreator|OpenIdTokenCreator)|workloadIdentityUser)$/;

/**
 * Rejects project-wide grants of impersonation roles, which apply to all service accounts of a
 * project. Source: Checkov CKV_GCP_41 and CKV_GCP_49.
 */
export const noImpersonationAcrossProjects: ResourceValidationPolicy = {
  name: 'iam-no-project-wide-impersonation',
  description: 'Permission to impersonate service accounts is not granted on a whole project.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (!isProjectWide(type) || !impersonation.test(role)) return;
    refuse(
      `${role} is granted on the whole project`,
      'The member could impersonate every service account of the project, including future ones',
      'Use serviceaccount.IAMMember on a single account',
    );
  }),
};

/**
 * Matches permissions that a custom role must not contain: changing grants and custom roles,
 * creating service account keys, impersonating service accounts, reading secret values, pushing
 * images, and signing them.
 */
const restricted = new RegExp(
  [
    '\\.setIamPolicy$',
    '^iam\\.roles\\.(create|update)$',
    '^iam\\.serviceAccountKeys\\.(create|upload)$',
    '^iam\\.serviceAccounts\\.(actAs|get(Access|OpenId)Token|implicitDelegation|sign(Blob|Jwt))$',
    '^secretmanager\\.versions\\.access$',
    '^artifactregistry\\.repositories\\.uploadArtifacts$',
    '^cloudkms\\.cryptoKeyVersions\\.useToSign',
    '^containeranalysis\\.notes\\.attachOccurrence$',
  ].join('|'),
);

/**
 * Rejects custom roles with permissions whose predefined roles the other rules restrict. Those rules
 * recognize a role by its name and do not know what a custom role contains.
 */
export const noRestrictedPermissions: ResourceValidationPolicy = {
  name: 'iam-custom-role-permissions',
  description: 'Custom roles contain no permission whose predefined roles are restricted.',
  enforcementLevel: 'mandatory',
  validateResource: (['customRole', 'organizationCustomRole'] as const).map((kind) =>
    forKind(kind, ({ permissions }, refuse) =>
      forEachKnown(permissions, (permission) => {
        if (!restricted.test(permission)) return;
        refuse(
          `The custom role contains ${permission}`,
          'The rules about secrets, impersonation and images recognize only predefined roles',
          'Grant a predefined role with the permission on a single resource',
        );
      }),
    ),
  ),
};
