import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forWorkloads } from '../cloud-run-workloads.ts';
import { forMembers } from '../grants.ts';
import { forKind, forResources } from '../validation.ts';

/**
 * Rejects grants to `allUsers` and `allAuthenticatedUsers`. Source: Checkov CKV_GCP_101 and
 * CKV_GCP_102.
 */
export const noPublicMembers: ResourceValidationPolicy = {
  name: 'iam-no-public-members',
  description: 'Roles are granted only to identified members.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse) => {
    if (!/^all(Authenticated)?Users$/i.test(member)) return;
    refuse(
      `${member} is a member`,
      'It includes everyone on the internet, or everyone with any Google account',
      'Grant the role to a service account or a group. Make a service public with invokerIamDisabled',
    );
  }),
};

/**
 * Rejects access control lists of Cloud Storage, whose entries are not grants and therefore not
 * covered by the rules about members. Source: Google, "Uniform bucket-level access".
 */
export const noAccessControlLists: ResourceValidationPolicy = {
  name: 'storage-no-access-control-lists',
  description: 'Access to buckets and objects is granted only by IAM.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type }, refuse) => {
    if (!/^gcp:storage\/\w+(ACL|AccessControl):/.test(type)) return;
    refuse(
      'The resource is an access control list or an entry of one',
      'Such an entry can give everyone on the internet access, and does not appear in the IAM policy',
      'Use storage.BucketIAMMember',
    );
  }),
};

/**
 * Rejects grants to individual users. Source: Google, "Use IAM securely" (grant roles to groups
 * instead).
 */
export const noUserGrants: ResourceValidationPolicy = {
  name: 'iam-no-user-grants',
  description: 'Roles are granted to groups and service accounts, not to individual users.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse) => {
    if (!/^(deleted:)?user:/i.test(member)) return;
    refuse(
      `${member} is a member`,
      'Access of a single user is easily forgotten when their task ends, and is not reviewed with their team',
      'Grant the role to a group (group:) or a service account',
    );
  }),
};

/**
 * Reports whether an account is a default service account of Compute Engine or App Engine.
 *
 * @param account an email address, or a member such as `serviceAccount:EMAIL`
 */
function isDefaultServiceAccount(account: string): boolean {
  return /(-compute@developer|@appspot)\.gserviceaccount\.com\b/i.test(account);
}

/**
 * Rejects grants to default service accounts, and workloads that run as one. Sources: Checkov
 * CKV_GCP_46; Google, "Best practices for using service accounts".
 */
export const noDefaultServiceAccounts: ResourceValidationPolicy = {
  name: 'iam-no-default-service-accounts',
  description: 'Default service accounts get no roles and run no workloads.',
  enforcementLevel: 'mandatory',
  validateResource: [
    forMembers((member, refuse) => {
      if (!isDefaultServiceAccount(member)) return;
      refuse(
        `${member} is a member`,
        'Every workload of the project without its own service account runs as the default one, and would also get the role',
        'Grant the role to a dedicated service account',
      );
    }),
    forWorkloads(({ serviceAccount }, refuse) => {
      if (serviceAccount && !isDefaultServiceAccount(serviceAccount)) return;
      refuse(
        serviceAccount
          ? `The workload runs as ${serviceAccount}`
          : 'template.serviceAccount is missing',
        "The workload would share the roles of Compute Engine's default account with the rest of the project",
        'Set template.serviceAccount to a dedicated service account',
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
  description: 'Service accounts have no keys.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('serviceAccountKey', (_key, refuse) =>
    refuse(
      'A service account key is created',
      'The key never expires, works from anywhere, and is stored in the state of the stack',
      'Use workload identity federation outside Google Cloud, and the attached service account within it',
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
  description: 'Roles on a project are granted to one member at a time.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type }, refuse) => {
    if (!/^gcp:(projects|folder|organizations)\/iAM(Policy|Binding):/.test(type)) return;
    refuse(
      'The resource replaces all members of a role, or the whole policy',
      "Members that it does not list lose their access, including Google's own service agents",
      'Use projects.IAMMember, which adds one member to one role',
    );
  }),
};
