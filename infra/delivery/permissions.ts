/**
 * Permissions required to read a resource, by Pulumi type. `pulumi refresh` and drift detection
 * need them. The source of each is the requests in terraform-provider-google-beta 7.45 and Google's
 * IAM reference (https://cloud.google.com/iam/docs/permissions-reference). A test fails when a
 * stack has a type without a row here.
 *
 * None of them reads content, such as log entries, documents or secret values.
 */
export const readPermissions = {
  'docker-build:index:Image': [],
  'gcp:artifactregistry/repository:Repository': ['artifactregistry.repositories.get'],
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': ['artifactregistry.repositories.getIamPolicy'],
  // Project-level access suffices for a budget that covers one project; no role on the billing
  // account is needed: https://cloud.google.com/billing/docs/how-to/budget-api-access-control. The
  // second permission is for the quota project of the call (infra/budget.ts).
  'gcp:billing/budget:Budget': ['billing.resourcebudgets.read', 'serviceusage.services.use'],
  'gcp:binaryauthorization/attestor:Attestor': ['binaryauthorization.attestors.get'],
  'gcp:binaryauthorization/attestorIamMember:AttestorIamMember': ['binaryauthorization.attestors.getIamPolicy'],
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
  // Metadata only: `datastore.databases.get` would also allow transactions.
  'gcp:firestore/database:Database': ['datastore.databases.getMetadata'],
  'gcp:firestore/field:Field': ['datastore.indexes.get'],
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': [
    'iam.workloadIdentityPools.get',
    // Every read of a pool also lists its attestation rules.
    'iam.workloadIdentityPools.getAttestationRules',
  ],
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': ['iam.workloadIdentityPoolProviders.get'],
  'gcp:kms/cryptoKey:CryptoKey': ['cloudkms.cryptoKeys.get'],
  'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember': ['cloudkms.cryptoKeys.getIamPolicy'],
  'gcp:kms/keyRing:KeyRing': ['cloudkms.keyRings.get'],
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
  // Needs no permission: the account of a Google service is computed once and never read.
  'gcp:projects/serviceIdentity:ServiceIdentity': [],
  'gcp:secretmanager/secretIamMember:SecretIamMember': ['secretmanager.secrets.getIamPolicy'],
  'gcp:serviceaccount/account:Account': ['iam.serviceAccounts.get'],
  'gcp:serviceaccount/iAMMember:IAMMember': ['iam.serviceAccounts.getIamPolicy'],
  'gcp:storage/bucketIAMMember:BucketIAMMember': ['storage.buckets.getIamPolicy'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * Permissions for the lookups that the program makes at every preview, by Pulumi function.
 * `service` is for a stack with a service alone, `project` for one that owns the project.
 */
export const lookUpPermissions = {
  service: {
    'gcp:organizations/getProject:getProject': ['resourcemanager.projects.get'],
    // Reads metadata of a version. Reading its value needs `secretmanager.versions.access`.
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

/** Cloud Run permissions that a release needs, by where they are granted. */
export const releasePermissions = {
  /**
   * Granted on the service and on its job: `pulumi up` reads and updates each as a whole. Executing
   * the job needs `run.jobs.run`, which is granted only to people.
   */
  workloads: ['run.services.get', 'run.services.update', 'run.jobs.get', 'run.jobs.update'],
  /**
   * Granted on the project: the name of an operation belongs to the location, not to the service
   * that it changes.
   */
  project: ['run.operations.get'],
} as const;

/**
 * Permissions of the build account in the project. Attestations are created in the project, and a
 * permission on the note controls who may attach them.
 * https://cloud.google.com/binary-authorization/docs/making-attestations
 */
export const buildPermissions = ['containeranalysis.occurrences.create'] as const;

function union(...tables: readonly Readonly<Record<string, readonly string[]>>[]): string[] {
  return [...new Set(tables.flatMap((table) => Object.values(table).flat()))].sort();
}

/** Permissions of a preview in the project. */
export const previewPermissions: readonly string[] = union(lookUpPermissions.service, lookUpPermissions.project);

/** Permissions of drift detection in the project. */
export const driftPermissions: readonly string[] = union(
  lookUpPermissions.service,
  lookUpPermissions.project,
  readPermissions,
);

/** Permissions of a release in the project. Those on the service are granted on the service. */
export const deployPermissions: readonly string[] = union(lookUpPermissions.service, {
  operations: releasePermissions.project,
});
