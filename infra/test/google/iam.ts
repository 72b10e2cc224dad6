import { lookUpPermissions, readPermissions } from '../../src/permissions.ts';
import type { Cloud } from './cloud.ts';
import { GoogleError } from './error.ts';
import type { Properties } from './resource-type.ts';

/**
 * Permissions of predefined roles, limited to the permissions that the program and its scripts use.
 * A role with an empty list exists but has no permission that the fake checks.
 * https://cloud.google.com/iam/docs/roles-permissions, as of July 2026.
 */
const predefinedRoles: Readonly<Record<string, readonly string[]>> = {
  'roles/artifactregistry.reader': [
    'artifactregistry.dockerimages.get',
    'artifactregistry.repositories.downloadArtifacts',
    'artifactregistry.repositories.get',
  ],
  'roles/artifactregistry.writer': [
    'artifactregistry.dockerimages.get',
    'artifactregistry.repositories.downloadArtifacts',
    'artifactregistry.repositories.get',
    'artifactregistry.repositories.uploadArtifacts',
  ],
  'roles/binaryauthorization.attestorsVerifier': ['binaryauthorization.attestors.get'],
  'roles/cloudkms.signerVerifier': [
    'cloudkms.cryptoKeyVersions.useToSign',
    'cloudkms.cryptoKeyVersions.viewPublicKey',
  ],
  'roles/containeranalysis.notes.attacher': ['containeranalysis.notes.attachOccurrence'],
  'roles/containeranalysis.notes.occurrences.viewer': ['containeranalysis.notes.listOccurrences'],
  'roles/datastore.user': ['datastore.databases.get', 'resourcemanager.projects.get'],
  'roles/iam.serviceAccountUser': ['iam.serviceAccounts.actAs', 'iam.serviceAccounts.get'],
  'roles/iam.workloadIdentityUser': [
    'iam.serviceAccounts.get',
    'iam.serviceAccounts.getAccessToken',
  ],
  'roles/memorystore.dbConnectionUser': ['memorystore.instances.connect'],
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access'],
  'roles/storage.objectUser': [],
  'roles/storage.objectViewer': [],
};

const customRole = 'gcp:projects/iAMCustomRole:IAMCustomRole';

/** Returns a role's permissions, or undefined if the role does not exist. */
export function permissionsOf(role: string, cloud: Cloud): readonly string[] | undefined {
  const custom = cloud.of(customRole).find(({ outputs }) => outputs['name'] === role);
  return custom ? (custom.inputs['permissions'] as string[]) : predefinedRoles[role];
}

type ScopeOf = (inputs: Properties) => string;

const inProject =
  (path: string): ScopeOf =>
  (inputs) =>
    `projects/${inputs['project']}${path.replace(/\{(\w+)\}/g, (_, name: string) => String(inputs[name]))}`;

/**
 * For each type of grant, a function that returns the resource whose IAM policy contains the grant.
 */
const policyOwners: Readonly<Record<string, ScopeOf>> = {
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': inProject(
    '/locations/{location}/repositories/{repository}',
  ),
  'gcp:binaryauthorization/attestorIamMember:AttestorIamMember': ({ project, attestor }) =>
    String(attestor).startsWith('projects/')
      ? String(attestor)
      : `projects/${project}/attestors/${attestor}`,
  'gcp:containeranalysis/noteIamMember:NoteIamMember': ({ project, note }) =>
    String(note).startsWith('projects/') ? String(note) : `projects/${project}/notes/${note}`,
  'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember': ({ cryptoKeyId }) => String(cryptoKeyId),
  'gcp:cloudrunv2/jobIamMember:JobIamMember': inProject('/locations/{location}/jobs/{name}'),
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': inProject(
    '/locations/{location}/services/{name}',
  ),
  'gcp:projects/iAMAuditConfig:IAMAuditConfig': inProject(''),
  'gcp:projects/iAMMember:IAMMember': inProject(''),
  'gcp:secretmanager/secretIamMember:SecretIamMember': inProject('/secrets/{secretId}'),
  'gcp:serviceaccount/iAMMember:IAMMember': ({ serviceAccountId }) => String(serviceAccountId),
  'gcp:storage/bucketIAMMember:BucketIAMMember': ({ bucket }) => `buckets/${bucket}`,
};

/**
 * Reports whether a policy on `scope` applies to a resource. A bucket's name does not contain its
 * project, so the policies of all projects apply to each bucket.
 */
function isWithin(resource: string, scope: string): boolean {
  if (resource === scope || resource.startsWith(`${scope}/`)) return true;
  return resource.startsWith('buckets/') && /^projects\/[^/]+$/.test(scope);
}

/**
 * Checks that the caller has a permission on a resource, either directly or through a parent
 * resource. The default caller is the project's owner, who has all permissions. Conditional
 * bindings grant nothing.
 *
 * @throws {GoogleError} 403 with Google's message
 */
function authorize(cloud: Cloud, permission: string, resource: string): void {
  const { caller } = cloud;
  if (caller === undefined) return;
  const granted = [...cloud.resources.values()].some(({ type, inputs }) => {
    const scope = policyOwners[type]?.(inputs);
    return (
      scope !== undefined &&
      inputs['member'] === caller &&
      inputs['condition'] === undefined &&
      isWithin(resource, scope) &&
      permissionsOf(String(inputs['role']), cloud)?.includes(permission)
    );
  });
  if (!granted)
    throw new GoogleError(
      403,
      `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
    );
}

export type Operation = 'read' | 'create' | 'update' | 'delete';

/**
 * Returns the permission that a change needs. Its name is derived from the name of the permission
 * that reading the resource needs.
 */
function forChange(permission: string, operation: Exclude<Operation, 'read'>): string {
  if (permission === 'serviceusage.services.use') return permission;
  if (permission === 'billing.resourcebudgets.read') return 'billing.resourcebudgets.write';
  if (permission === 'serviceusage.services.list') return 'serviceusage.services.enable';
  return permission
    .replace(/\.get(Metadata)?$/, `.${operation}`)
    .replace(/\.getIamPolicy$/, '.setIamPolicy');
}

/**
 * Returns the permissions that an operation needs.
 *
 * @throws if the permissions of the type are not known
 */
function permissionsFor(token: string, operation: Operation): readonly string[] {
  if (token === 'docker-build:index:Image')
    return operation === 'create' ? ['artifactregistry.repositories.uploadArtifacts'] : [];
  const reading = (readPermissions as Readonly<Record<string, readonly string[]>>)[token];
  if (reading === undefined)
    throw new Error(`The fake Google does not know the permissions for ${token}.`);
  if (operation === 'read') return reading;
  // After every change, the provider reads the resource.
  return [
    ...new Set([...reading.map((permission) => forChange(permission, operation)), ...reading]),
  ];
}

/** Returns the resource on which Google checks an operation's permissions. */
function resourceOf(token: string, id: string, inputs: Properties, cloud: Cloud): string {
  const owner = policyOwners[token];
  if (owner) return owner(inputs);
  // Some resource names contain the project number instead of the project id.
  if (id.startsWith('projects/'))
    return id.replace(
      /^projects\/(\d+)/,
      (_, number: string) => `projects/${cloud.project(number).id}`,
    );
  if (token !== 'gcp:billing/budget:Budget') return `projects/${inputs['project']}`;
  // Permissions on a project suffice for a budget that covers only that project.
  const [project = ''] = (inputs['budgetFilter'] as { readonly projects: string[] }).projects;
  return `projects/${cloud.project(project.replace('projects/', '')).id}`;
}

/**
 * Checks that the caller has the permissions for an operation on a resource.
 *
 * @param id the resource's id, or undefined if the resource does not exist yet
 * @throws {GoogleError} 403 if a permission is missing
 */
export function authorizeOperation(
  cloud: Cloud,
  token: string,
  operation: Operation,
  id: string | undefined,
  inputs: Properties,
): void {
  if (cloud.caller === undefined) return;
  // To create a resource, the caller needs the permission on the project.
  const resource =
    id === undefined ? `projects/${inputs['project']}` : resourceOf(token, id, inputs, cloud);
  for (const permission of permissionsFor(token, operation)) {
    const isOfProject = /^(resourcemanager|serviceusage)\./.test(permission);
    authorize(
      cloud,
      permission,
      isOfProject && inputs['project'] ? `projects/${inputs['project']}` : resource,
    );
  }
}

/**
 * Checks the permissions that Cloud Run requires for every deployment, in addition to permissions
 * on the service or job. The caller must be able to act as the container's account, pull the image,
 * and read the operation:
 * https://cloud.google.com/run/docs/reference/iam/roles#additional-configuration. To turn the
 * invoker check on or off, the caller must also be able to set the service's policy:
 * https://cloud.google.com/run/docs/authenticating/public#required_roles
 */
export function authorizeDeployment(cloud: Cloud, inputs: Properties, before?: Properties): void {
  const { project, location, name } = inputs as Record<string, string>;
  // A job's template describes an execution and contains the template of its tasks.
  const outer = inputs['template'] as Properties;
  const template = (outer['template'] ?? outer) as Properties;
  if (before?.['invokerIamDisabled'] !== inputs['invokerIamDisabled'])
    authorize(
      cloud,
      'run.services.setIamPolicy',
      `projects/${project}/locations/${location}/services/${name}`,
    );
  const [container] = template['containers'] as { image: string }[];
  authorize(
    cloud,
    'iam.serviceAccounts.actAs',
    `projects/${project}/serviceAccounts/${template['serviceAccount']}`,
  );
  authorize(cloud, 'run.operations.get', `projects/${project}/locations/${location}`);
  const [, region, owner, repository] =
    /^([\w-]+)-docker\.pkg\.dev\/([^/]+)\/([^/]+)\//.exec(container?.image ?? '') ?? [];
  if (region) {
    const name = `projects/${owner}/locations/${region}/repositories/${repository}`;
    authorize(cloud, 'artifactregistry.repositories.downloadArtifacts', name);
  }
}

/**
 * Checks that the caller has the permissions for a lookup.
 *
 * @throws {GoogleError} 403 if a permission is missing
 */
export function authorizeLookUp(cloud: Cloud, token: string, inputs: Properties): void {
  const table: Readonly<Record<string, readonly string[]>> = {
    ...lookUpPermissions.service,
    ...lookUpPermissions.project,
  };
  const { projectId, project = projectId, secret, cryptoKey } = inputs;
  const resource = secret
    ? `projects/${project}/secrets/${secret}`
    : (cryptoKey ?? `projects/${project}`);
  for (const permission of table[token] ?? lookUpElse[token] ?? [])
    authorize(cloud, permission, String(resource));
}

/** Permissions for the lookups that only a project's owner makes. */
const lookUpElse: Readonly<Record<string, readonly string[]>> = {
  'gcp:iam/getWorkloadIdentityPool:getWorkloadIdentityPool': ['iam.workloadIdentityPools.get'],
  'gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider': [
    'iam.workloadIdentityPoolProviders.get',
  ],
};
