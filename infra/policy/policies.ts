import type { ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import {
  binaryAuthorizationRequired,
  onlyBuildPushes,
  policyRequiresAttestation,
  signingKeysAsymmetric,
} from './rules/attestation.ts';
import {
  bindingsToOneSubject,
  federationWithCondition,
  federationWithNumericSubject,
  federationWithOneBranch,
  federationWithOneRepository,
  federationWithSubjects,
} from './rules/federation.ts';
import { backups, expiry, pointInTimeRecovery } from './rules/firestore.ts';
import { auditLogs } from './rules/governance.ts';
import {
  noAuthoritativeProjectGrants,
  noDefaultServiceAccounts,
  noPublicMembers,
  noServiceAccountKeys,
  noUserGrants,
} from './rules/identity.ts';
import { deletionProtected, protectedByPulumi } from './rules/production.ts';
import { immutableTags } from './rules/registry.ts';
import { noAdminOfProjects, noBasicRoles, noImpersonationAcrossProjects } from './rules/roles.ts';
import {
  boundedInstances,
  noFirstGeneration,
  noPublicInvokers,
  publicHost,
  publicServices,
} from './rules/run-services.ts';
import { imageDigests, noPlainSecrets, pinnedSecretVersions, probes } from './rules/run-workloads.ts';
import { noSecretRolesAcrossProjects, noSecretValuesInState, secretAccessPerSecret } from './rules/secrets.ts';

/** All rules of the pack. */
export const policies: readonly (ResourceValidationPolicy | StackValidationPolicy)[] = [
  // Who may act
  noPublicMembers,
  noUserGrants,
  noDefaultServiceAccounts,
  noServiceAccountKeys,
  noAuthoritativeProjectGrants,

  // What they may do
  noBasicRoles,
  noAdminOfProjects,
  noImpersonationAcrossProjects,
  secretAccessPerSecret,
  noSecretRolesAcrossProjects,
  noSecretValuesInState,

  // Who comes in without a key
  federationWithCondition,
  federationWithOneRepository,
  federationWithSubjects,
  federationWithNumericSubject,
  federationWithOneBranch,
  bindingsToOneSubject,

  // Who can reach a service, and where
  publicServices,
  noPublicInvokers,
  publicHost,
  boundedInstances,
  noFirstGeneration,

  // What runs on Cloud Run
  imageDigests,
  noPlainSecrets,
  pinnedSecretVersions,
  probes,
  immutableTags,

  // What was built and signed
  binaryAuthorizationRequired,
  policyRequiresAttestation,
  signingKeysAsymmetric,
  onlyBuildPushes,

  // What must not be lost
  pointInTimeRecovery,
  backups,
  expiry,
  protectedByPulumi,
  deletionProtected,

  // What must leave a trace
  auditLogs,
];
