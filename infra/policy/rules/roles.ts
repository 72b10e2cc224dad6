import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forRoles, isProjectWide } from '../grants.ts';

/**
 * Rejects the basic roles Owner, Editor and Viewer. Sources: Checkov CKV_GCP_117; Google, "Basic
 * roles" (do not grant them in production).
 */
export const noBasicRoles: ResourceValidationPolicy = {
  name: 'iam-no-basic-roles',
  description: 'Nobody is owner, editor or viewer.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse) => {
    if (!/^roles\/(owner|editor|viewer)$/.test(role)) return;
    refuse(
      `${role} is given`,
      'It holds thousands of permissions over every service of the project, and grows with each new one',
      'Give predefined roles of the services in question, or a custom role',
    );
  }),
};

/** Rejects project-wide administrator roles. Source: Checkov CKV_GCP_42. */
export const noAdminOfProjects: ResourceValidationPolicy = {
  name: 'iam-no-project-wide-admin',
  description: 'Nobody administrates all resources of a project.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (!isProjectWide(type) || !/admin$/i.test(role)) return;
    refuse(
      `${role} is given on the whole project`,
      'An administrator of a service may also change who else has access to it',
      'Give the role on the one resource, or a custom role with the permissions that are needed',
    );
  }),
};

/** Roles that allow a member to impersonate a service account. */
const impersonation =
  /^roles\/iam\.(serviceAccount(User|TokenCreator|OpenIdTokenCreator)|workloadIdentityUser)$/;

/**
 * Rejects project-wide grants of impersonation roles, which apply to all service accounts of a
 * project. Source: Checkov CKV_GCP_41 and CKV_GCP_49.
 */
export const noImpersonationAcrossProjects: ResourceValidationPolicy = {
  name: 'iam-no-project-wide-impersonation',
  description: 'Nobody may act as every service account of a project.',
  enforcementLevel: 'mandatory',
  validateResource: forRoles((role, refuse, { type }) => {
    if (!isProjectWide(type) || !impersonation.test(role)) return;
    refuse(
      `${role} is given on the whole project`,
      'Its member gets the rights of every service account there, also of those made later',
      'Use serviceaccount.IAMMember on the one account to act as',
    );
  }),
};
