import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forWorkloads, isDefaultServiceAccount } from '../cloud-run-workloads.ts';
import { forMembers } from '../grants.ts';
import { forKind, forResources } from '../validation.ts';

/**
 * Rejects grants to `allUsers` and `allAuthenticatedUsers`. Source: Checkov CKV_GCP_101 and
 * CKV_GCP_102.
 */
export const noPublicMembers: ResourceValidationPolicy = {
  name: 'iam-no-public-members',
  description: 'Nobody unknown is given a role.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse) => {
    if (!/^all(Authenticated)?Users$/i.test(member)) return;
    refuse(
      `${member} is a member`,
      'That is everyone on the internet, or everyone with any Google account',
      'Name a service account or a group; the one public service is opened by invokerIamDisabled',
    );
  }),
};

/**
 * Rejects grants to individual users. Source: Google, "Use IAM securely" (grant roles to groups
 * instead).
 */
export const noUserGrants: ResourceValidationPolicy = {
  name: 'iam-no-user-grants',
  description: 'No role is given to a single person.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse) => {
    if (!/^(deleted:)?user:/i.test(member)) return;
    refuse(
      `${member} is a member`,
      'The access of one person outlives their task, and nobody reviews it with the team',
      'Name a group (group:) or a service account',
    );
  }),
};

/**
 * Rejects grants to default service accounts, and workloads that run as one. Sources: Checkov
 * CKV_GCP_46; Google, "Best practices for using service accounts".
 */
export const noDefaultServiceAccounts: ResourceValidationPolicy = {
  name: 'iam-no-default-service-accounts',
  description: 'Nothing runs as, and no role is given to, a default service account.',
  enforcementLevel: 'mandatory',
  validateResource: [
    forMembers((member, refuse) => {
      if (!isDefaultServiceAccount(member)) return;
      refuse(
        `${member} is a member`,
        'Everything in the project that names no account of its own runs as a default one, and would get this role too',
        'Give the role to a service account made for the one task',
      );
    }),
    forWorkloads(({ serviceAccount }, refuse) => {
      if (serviceAccount && !isDefaultServiceAccount(serviceAccount)) return;
      refuse(
        serviceAccount ? `It runs as ${serviceAccount}` : 'It names no service account',
        "Then it runs as Compute Engine's default one, whose roles it shares with the rest of the project",
        'Set template.serviceAccount to an account made for it',
      );
    }),
  ],
};

/**
 * Rejects keys of service accounts. Sources: Checkov CKV2_GCP_3; Google, "Best practices for
 * managing service account keys".
 */
export const noServiceAccountKeys: ResourceValidationPolicy = {
  name: 'iam-no-service-account-keys',
  description: 'No service account has a key.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('serviceAccountKey', (_key, refuse) =>
    refuse(
      'A key of a service account is made',
      'It never ends by itself, works from anywhere, and stays in the state of the stack',
      'Use workload identity federation from outside, and the attached service account within Google Cloud',
    ),
  ),
};

/**
 * Rejects resources that replace all members of a role or the whole policy of a project, folder or
 * organization. Source: @pulumi/gcp, projects.IAMPolicy ("You can accidentally lock yourself out of
 * your project").
 */
export const noAuthoritativeProjectGrants: ResourceValidationPolicy = {
  name: 'iam-no-authoritative-project-grants',
  description: 'Roles of a project are given one by one.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type }, refuse) => {
    if (!/^gcp:(projects|folder|organizations)\/iAM(Policy|Binding):/.test(type)) return;
    refuse(
      'It sets all members of a role, or the whole policy, at once',
      "It takes the access of everyone that it does not name, Google's own service agents among them",
      'Use projects.IAMMember, which adds one member to one role',
    );
  }),
};
