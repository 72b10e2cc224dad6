// Only types are imported: loading @pulumi/gcp would add seconds to every preview.
import type {
  artifactregistry,
  binaryauthorization,
  cloudrunv2,
  firestore,
  iam,
  kms,
  logging,
  organizations,
  projects,
  secretmanager,
  serviceaccount,
} from '@pulumi/gcp';
import type { Unwrap } from '@pulumi/pulumi';

interface ArgsByKind {
  auditConfig: projects.IAMAuditConfigArgs;
  attestor: binaryauthorization.AttestorArgs;
  backupSchedule: firestore.BackupScheduleArgs;
  binaryAuthorizationPolicy: binaryauthorization.PolicyArgs;
  cryptoKey: kms.CryptoKeyArgs;
  customRole: projects.IAMCustomRoleArgs;
  database: firestore.DatabaseArgs;
  field: firestore.FieldArgs;
  job: cloudrunv2.JobArgs;
  logExclusion: logging.ProjectExclusionArgs;
  organizationCustomRole: organizations.IAMCustomRoleArgs;
  projectService: projects.ServiceArgs;
  repository: artifactregistry.RepositoryArgs;
  secret: secretmanager.SecretArgs;
  service: cloudrunv2.ServiceArgs;
  serviceAccountKey: serviceaccount.KeyArgs;
  workerPool: cloudrunv2.WorkerPoolArgs;
  workloadIdentityPoolProvider: iam.WorkloadIdentityPoolProviderArgs;
}

/** A kind of resource whose inputs the rules check. */
export type Kind = keyof ArgsByKind;

/** The inputs of a resource of kind `K`, as a rule reads them. */
export type Props<K extends Kind> = Unwrap<ArgsByKind[K]>;

/** The Pulumi type of each kind. */
export const types = {
  auditConfig: 'gcp:projects/iAMAuditConfig:IAMAuditConfig',
  attestor: 'gcp:binaryauthorization/attestor:Attestor',
  backupSchedule: 'gcp:firestore/backupSchedule:BackupSchedule',
  binaryAuthorizationPolicy: 'gcp:binaryauthorization/policy:Policy',
  cryptoKey: 'gcp:kms/cryptoKey:CryptoKey',
  customRole: 'gcp:projects/iAMCustomRole:IAMCustomRole',
  database: 'gcp:firestore/database:Database',
  field: 'gcp:firestore/field:Field',
  job: 'gcp:cloudrunv2/job:Job',
  logExclusion: 'gcp:logging/projectExclusion:ProjectExclusion',
  organizationCustomRole: 'gcp:organizations/iAMCustomRole:IAMCustomRole',
  projectService: 'gcp:projects/service:Service',
  repository: 'gcp:artifactregistry/repository:Repository',
  secret: 'gcp:secretmanager/secret:Secret',
  service: 'gcp:cloudrunv2/service:Service',
  serviceAccountKey: 'gcp:serviceaccount/key:Key',
  workerPool: 'gcp:cloudrunv2/workerPool:WorkerPool',
  workloadIdentityPoolProvider: 'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider',
} as const satisfies Record<Kind, string>;
