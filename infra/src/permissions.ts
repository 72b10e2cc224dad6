/**
 * The permissions that `pulumi refresh` and drift detection need to read a resource, by Pulumi
 * type. They are derived from the requests of terraform-provider-google-beta 7.45 and from Google's
 * IAM reference (https://cloud.google.com/iam/docs/permissions-reference). A test fails if a stack
 * contains a type that is not listed.
 *
 * No permission allows reading content such as log entries, documents or secret values.
 */
export const readPermissions = {
  'docker-build:index:Image': [],
  'gcp:artifactregistry/repository:Repository': ['artifactregistry.repositories.get'],
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': [
    'artifactregistry.repositories.getIamPolicy',
  ],
  // Project-level access suffices for a budget that covers only one project:
  // https://cloud.google.com/billing/docs/how-to/budget-api-access-control. The call also needs
  // `serviceusage.services.use` for its quota project (project/budget.ts).
  'gcp:billing/budget:Budget': ['billing.resourcebudgets.read', 'serviceusage.services.use'],
  'gcp:binaryauthorization/attestor:Attestor': ['binaryauthorization.attestors.get'],
  'gcp:binaryauthorization/attestorIamMember:AttestorIamMember': [
    'binaryauthorization.attestors.getIamPolicy',
  ],
  'gcp:binaryauthorization/policy:Policy': ['binaryauthorization.policy.get'],
  'gcp:cloudrunv2/job:Job': ['run.jobs.get'],
  'gcp:cloudrunv2/jobIamMember:JobIamMember': ['run.jobs.getIamPolicy'],
  'gcp:cloudrunv2/service:Service': ['run.services.get'],
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': ['run.services.getIamPolicy'],
  'gcp:compute/network:Network': ['compute.networks.get'],
  'gcp:compute/subnetwork:Subnetwork': ['compute.subnetworks.get'],
  'gcp:containeranalysis/note:Note': ['containeranalysis.notes.get'],
  'gcp:containeranalysis/noteIamMember:NoteIamMember': ['containeranalysis.notes.getIamPolicy'],
  'gcp:firestore/backupSchedule:BackupSchedule': ['datastore.backupSchedules.get'],
  // Allows reading metadata only. `datastore.databases.get` would also allow transactions.
  'gcp:firestore/database:Database': ['datastore.databases.getMetadata'],
  'gcp:firestore/field:Field': ['datastore.indexes.get'],
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': [
    'iam.workloadIdentityPools.get',
    // The provider also lists the pool's attestation rules whenever it reads a pool.
    'iam.workloadIdentityPools.getAttestationRules',
  ],
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': [
    'iam.workloadIdentityPoolProviders.get',
  ],
  'gcp:kms/cryptoKey:CryptoKey': ['cloudkms.cryptoKeys.get'],
  'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember': ['cloudkms.cryptoKeys.getIamPolicy'],
  'gcp:kms/keyRing:KeyRing': ['cloudkms.keyRings.get'],
  'gcp:logging/projectExclusion:ProjectExclusion': ['logging.exclusions.get'],
  'gcp:memorystore/instance:Instance': ['memorystore.instances.get'],
  'gcp:monitoring/alertPolicy:AlertPolicy': ['monitoring.alertPolicies.get'],
  'gcp:monitoring/dashboard:Dashboard': ['monitoring.dashboards.get'],
  'gcp:monitoring/genericService:GenericService': ['monitoring.services.get'],
  'gcp:monitoring/notificationChannel:NotificationChannel': ['monitoring.notificationChannels.get'],
  'gcp:monitoring/slo:Slo': ['monitoring.slos.get'],
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': ['monitoring.uptimeCheckConfigs.get'],
  'gcp:networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy': [
    'networkconnectivity.serviceConnectionPolicies.get',
  ],
  'gcp:projects/iAMAuditConfig:IAMAuditConfig': ['resourcemanager.projects.getIamPolicy'],
  'gcp:projects/iAMCustomRole:IAMCustomRole': ['iam.roles.get'],
  'gcp:projects/iAMMember:IAMMember': ['resourcemanager.projects.getIamPolicy'],
  'gcp:projects/service:Service': ['resourcemanager.projects.get', 'serviceusage.services.list'],
  // Needs no permission. The provider computes the account of a Google service once and never reads
  // it again.
  'gcp:projects/serviceIdentity:ServiceIdentity': [],
  'gcp:secretmanager/secretIamMember:SecretIamMember': ['secretmanager.secrets.getIamPolicy'],
  'gcp:serviceaccount/account:Account': ['iam.serviceAccounts.get'],
  'gcp:serviceaccount/iAMMember:IAMMember': ['iam.serviceAccounts.getIamPolicy'],
  'gcp:storage/bucketIAMMember:BucketIAMMember': ['storage.buckets.getIamPolicy'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * The permissions that a preview needs for the program's lookups, by Pulumi function. Stacks that
 * own a service need the permissions in `service`. Stacks that own the project's resources need
 * those in `project`.
 */
export const lookUpPermissions = {
  service: {
    'gcp:organizations/getProject:getProject': ['resourcemanager.projects.get'],
    // Allows reading a version's metadata. Its value requires `secretmanager.versions.access`.
    'gcp:secretmanager/getSecretVersion:getSecretVersion': ['secretmanager.versions.get'],
  },
  project: {
    'gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion': [
      'cloudkms.cryptoKeyVersions.get',
      'cloudkms.cryptoKeyVersions.viewPublicKey',
      'cloudkms.cryptoKeys.get',
    ],
    'gcp:organizations/getProject:getProject': ['resourcemanager.projects.get'],
  },
} as const;

/** The Cloud Run permissions that a release needs, by the resource on which they are granted. */
export const releasePermissions = {
  /**
   * Granted on the service and on its admin job, which `pulumi up` reads and updates. Executing the
   * job requires `run.jobs.run`, which only people have.
   */
  workloads: ['run.services.get', 'run.services.update', 'run.jobs.get', 'run.jobs.update'],
  /** Granted on the project, because an operation belongs to a location and not to a service. */
  project: ['run.operations.get'],
} as const;

/**
 * Project-level permissions of the build account. Attestations are created in the project; a
 * separate permission on the note controls who can attach them.
 * https://cloud.google.com/binary-authorization/docs/making-attestations
 */
export const buildPermissions = ['containeranalysis.occurrences.create'] as const;

function union(...tables: readonly Readonly<Record<string, readonly string[]>>[]): string[] {
  return [...new Set(tables.flatMap((table) => Object.values(table).flat()))].sort();
}

/** Project-level permissions of pull request previews. */
export const previewPermissions: readonly string[] = union(
  lookUpPermissions.service,
  lookUpPermissions.project,
);

/** Project-level permissions of drift detection. */
export const driftPermissions: readonly string[] = union(
  lookUpPermissions.service,
  lookUpPermissions.project,
  readPermissions,
);

/**
 * Project-level permissions of releases. {@link releasePermissions} also lists the permissions that
 * are granted only on the service and its admin job.
 */
export const deployPermissions: readonly string[] = union(lookUpPermissions.service, {
  operations: releasePermissions.project,
});
