/**
 * The permissions that reading a resource takes of Google, by Pulumi type: what `pulumi refresh`
 * and the search for drift ask for. Read off the requests in the source of
 * terraform-provider-google-beta 7.45 and Google's IAM reference of each API
 * (https://cloud.google.com/iam/docs/permissions-reference). A test fails when a stack has a type
 * that is missing here.
 *
 * None of them reads content: no log entry, no document, no value of a secret.
 */
export const readPermissions = {
  'docker-build:index:Image': [],
  'gcp:artifactregistry/repository:Repository': ['artifactregistry.repositories.get'],
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': ['artifactregistry.repositories.getIamPolicy'],
  // Of a budget for one project, its readers may see it without a role on the billing account:
  // https://cloud.google.com/billing/docs/how-to/budget-api-access-control. The second is for the
  // project whose quota the call counts for (infra/budget.ts).
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
  // Metadata alone: `datastore.databases.get` would let its holder begin transactions.
  'gcp:firestore/database:Database': ['datastore.databases.getMetadata'],
  'gcp:firestore/field:Field': ['datastore.indexes.get'],
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': [
    'iam.workloadIdentityPools.get',
    // Every read of a pool lists its attestation rules as well.
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
  // Nothing is read: the account of a Google service is computed once.
  'gcp:projects/serviceIdentity:ServiceIdentity': [],
  'gcp:secretmanager/secretIamMember:SecretIamMember': ['secretmanager.secrets.getIamPolicy'],
  'gcp:serviceaccount/account:Account': ['iam.serviceAccounts.get'],
  'gcp:serviceaccount/iAMMember:IAMMember': ['iam.serviceAccounts.getIamPolicy'],
  'gcp:storage/bucketIAMMember:BucketIAMMember': ['storage.buckets.getIamPolicy'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * The permissions of what the program looks up at every preview, by Pulumi function: in the stack
 * of a service, and of the project.
 */
export const lookUpPermissions = {
  service: {
    'gcp:organizations/getProject:getProject': ['resourcemanager.projects.get'],
    // The metadata of a version: `secretmanager.versions.access` reads its value.
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

/** What a release asks of Cloud Run, by where the permission is granted. */
export const releasePermissions = {
  /**
   * On the service and on its job: `pulumi up` reads each and updates it as a whole. To execute the
   * job takes `run.jobs.run`, which people alone are given.
   */
  workloads: ['run.services.get', 'run.services.update', 'run.jobs.get', 'run.jobs.update'],
  /**
   * On the project: an operation's name lies under the location and not under the service that it
   * changes.
   */
  project: ['run.operations.get'],
} as const;

/**
 * What the build account may do in the project: attestations are created in the project, and which
 * note they may be attached to is granted on the note.
 * https://cloud.google.com/binary-authorization/docs/making-attestations
 */
export const buildPermissions = ['containeranalysis.occurrences.create'] as const;

function union(...tables: readonly Readonly<Record<string, readonly string[]>>[]): string[] {
  return [...new Set(tables.flatMap((table) => Object.values(table).flat()))].sort();
}

/** What a preview may do in the project. */
export const previewPermissions: readonly string[] = union(lookUpPermissions.service, lookUpPermissions.project);

/** What the search for drift may do in the project. */
export const driftPermissions: readonly string[] = union(
  lookUpPermissions.service,
  lookUpPermissions.project,
  readPermissions,
);

/** What a release may do in the project; what it may do with the one service is granted there. */
export const deployPermissions: readonly string[] = union(lookUpPermissions.service, {
  operations: releasePermissions.project,
});
