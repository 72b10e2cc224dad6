import * as pulumi from '@pulumi/pulumi';
import { errorHook } from './error-hooks.ts';

/**
 * The environment variable that lists the resources to import, as NAME=ID pairs separated by
 * spaces. `pnpm adopt` sets it.
 */
export const adoptionVariable = 'ANDAMIO_ADOPT';

const pair = /^([\w-]+)=(\S+)$/;

/**
 * Parses NAME=ID pairs. NAME is the resource's name in the program, and ID is its import id, in the
 * format of `pulumi import`.
 *
 * @throws {pulumi.RunError} if an entry does not have the form NAME=ID; the message quotes the
 * entry
 */
export function parseAdoptions(text: string | undefined): ReadonlyMap<string, string> {
  const pairs = (text ?? '').split(' ').filter(Boolean);
  return new Map(
    pairs.map((each) => {
      const [, name, id] = pair.exec(each) ?? [];
      if (!name || !id) throw new pulumi.RunError(`${each} must have the form NAME=ID.`);
      return [name, id];
    }),
  );
}

/**
 * Templates of import ids, by resource type. `{argument}` stands for the value of that argument of
 * the resource. The program chooses the names of these resources, so a create fails if a resource of
 * the same name exists outside the stack.
 */
export const importIds: Readonly<Record<string, string>> = {
  'gcp:artifactregistry/repository:Repository':
    'projects/{project}/locations/{location}/repositories/{repositoryId}',
  'gcp:binaryauthorization/attestor:Attestor': 'projects/{project}/attestors/{name}',
  'gcp:cloudrunv2/job:Job': 'projects/{project}/locations/{location}/jobs/{name}',
  'gcp:cloudrunv2/service:Service': 'projects/{project}/locations/{location}/services/{name}',
  'gcp:compute/network:Network': 'projects/{project}/global/networks/{name}',
  'gcp:compute/subnetwork:Subnetwork': 'projects/{project}/regions/{region}/subnetworks/{name}',
  'gcp:containeranalysis/note:Note': 'projects/{project}/notes/{name}',
  'gcp:firestore/database:Database': 'projects/{project}/databases/{name}',
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool':
    'projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}',
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider':
    'projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}/providers/{workloadIdentityPoolProviderId}',
  'gcp:kms/cryptoKey:CryptoKey': '{keyRing}/cryptoKeys/{name}',
  'gcp:kms/keyRing:KeyRing': 'projects/{project}/locations/{location}/keyRings/{name}',
  'gcp:logging/projectExclusion:ProjectExclusion': 'projects/{project}/exclusions/{name}',
  'gcp:memorystore/instance:Instance':
    'projects/{project}/locations/{location}/instances/{instanceId}',
  'gcp:monitoring/genericService:GenericService': 'projects/{project}/services/{serviceId}',
  'gcp:monitoring/slo:Slo': 'projects/{project}/services/{service}/serviceLevelObjectives/{sloId}',
  'gcp:networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy':
    'projects/{project}/locations/{location}/serviceConnectionPolicies/{name}',
  'gcp:projects/iAMCustomRole:IAMCustomRole': 'projects/{project}/roles/{roleId}',
  'gcp:serviceaccount/account:Account':
    'projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com',
};

/**
 * Pattern of the errors of creates that conflict with an existing resource. Google responds with
 * 409. The provider itself looks for custom roles:
 * `google-beta/services/resourcemanager/resource_google_project_iam_custom_role.go` in
 * https://github.com/hashicorp/terraform-provider-google-beta.
 */
const conflict = /Error 409|already exists and must be imported/;

const adviseOnConflict = () =>
  errorHook(
    'advise to adopt an existing resource',
    async ({ failedOperation, errors, name, type, newInputs = {} }) => {
      const template = importIds[type];
      if (failedOperation === 'create' && template && conflict.test(errors[0] ?? '')) {
        const id = template.replace(/\{(\w+)\}/g, (_, argument: string) =>
          String(newInputs[argument]),
        );
        await pulumi.log.warn(
          `${name} exists on Google Cloud, but not in the state of this stack. If it belongs to this stack, for example ` +
            'because a response was lost or the stack was destroyed, adopt it. Run in the folder of the repository:\n' +
            `  npx -y pnpm@12 adopt ${pulumi.getStack()} ${name}=${id}`,
        );
      }
      return false;
    },
  );

/**
 * Makes the stack import existing resources: those in `found`, and those that `pnpm adopt` lists.
 * Must be called before the resources are declared. The engine ignores the import id of a resource
 * that is already in the stack's state.
 *
 * If a create fails because the resource exists outside the stack, logs the `pnpm adopt` command
 * that imports the resource.
 *
 * @param found import ids by resource name in the program
 */
export function adopt(found: ReadonlyMap<string, string>): void {
  const ids = new Map([...found, ...parseAdoptions(process.env[adoptionVariable])]);
  const onError = [adviseOnConflict()];
  pulumi.runtime.registerStackTransformation(({ name, type, props, opts }) => {
    const id = ids.get(name);
    if (id === undefined && !(type in importIds)) return undefined;
    const { hooks } = opts as pulumi.CustomResourceOptions;
    return {
      props,
      opts: {
        ...opts,
        ...(id && { import: id }),
        ...(type in importIds && {
          hooks: { ...hooks, onError: [...(hooks?.onError ?? []), ...onError] },
        }),
      },
    };
  });
}
