import type { ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import {
  binaryAuthorizationRequired,
  onlyBuildPushes,
  onlyBuildSigns,
  policyRequiresAttestation,
  signingKeysAsymmetric,
} from './rules/attestation.ts';
import { auditLogs } from './rules/audit-logs.ts';
import { deletionProtected, protectedByPulumi } from './rules/deletion-protection.ts';
import {
  bindingsToOneSubject,
  federationWithCondition,
  federationWithGitHub,
  federationWithNumericSubject,
  federationWithOneBranch,
  federationWithOneRepository,
  federationWithSubjects,
} from './rules/federation.ts';
import { backups, expiry, pointInTimeRecovery } from './rules/firestore.ts';
import {
  noAccessControlLists,
  noAuthoritativeProjectGrants,
  noDefaultServiceAccounts,
  noPublicMembers,
  noServiceAccountKeys,
  noUserGrants,
} from './rules/identity.ts';
import { narrowLogExclusions } from './rules/log-exclusions.ts';
import { immutableTags } from './rules/registry.ts';
import {
  noAdminOfProjects,
  noBasicRoles,
  noImpersonationAcrossProjects,
  noRestrictedPermissions,
} from './rules/roles.ts';
import {
  boundedInstances,
  noFirstGeneration,
  noPublicInvokers,
  publicHost,
  publicServices,
} from './rules/run-services.ts';
import {
  imageDigests,
  noPlainSecrets,
  pinnedSecretVersions,
  probes,
} from './rules/run-workloads.ts';
import {
  noSecretRolesAcrossProjects,
  noSecretValuesInState,
  secretAccessPerSecret,
} from './rules/secrets.ts';

export const policies: readonly (ResourceValidationPolicy | StackValidationPolicy)[] = [
  // Identities
  noPublicMembers,
  noAccessControlLists,
  noUserGrants,
  noDefaultServiceAccounts,
  noServiceAccountKeys,
  noAuthoritativeProjectGrants,

  // Permissions
  noBasicRoles,
  noAdminOfProjects,
  noImpersonationAcrossProjects,
  noRestrictedPermissions,
  secretAccessPerSecret,
  noSecretRolesAcrossProjects,
  noSecretValuesInState,

  // Federation
  federationWithGitHub,
  federationWithCondition,
  federationWithOneRepository,
  federationWithSubjects,
  federationWithNumericSubject,
  federationWithOneBranch,
  bindingsToOneSubject,

  // Network access
  publicServices,
  noPublicInvokers,
  publicHost,
  boundedInstances,
  noFirstGeneration,

  // Workloads on Cloud Run
  imageDigests,
  noPlainSecrets,
  pinnedSecretVersions,
  probes,
  immutableTags,

  // Attestation
  binaryAuthorizationRequired,
  policyRequiresAttestation,
  signingKeysAsymmetric,
  onlyBuildPushes,
  onlyBuildSigns,

  // Protection against data loss
  pointInTimeRecovery,
  backups,
  expiry,
  protectedByPulumi,
  deletionProtected,

  // Audit logs
  auditLogs,
  narrowLogExclusions,
];
