import { randomUUID } from 'node:crypto';
import { GoogleError } from '../error.ts';
import type { ResourceType } from '../resource-type.ts';
import { knownServices } from '../validate.ts';
import { form, member, text } from './common.ts';

const day = 86_400;

/**
 * Retention of deleted workload identity pools and providers:
 * https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers#delete-pool
 */
const keptFor30Days: NonNullable<ResourceType['keeps']> = {
  seconds: 30 * day,
  refusal: () => new GoogleError(409, 'Requested entity already exists'),
};

export const project: Record<string, ResourceType> = {
  'gcp:projects/service:Service': {
    replacedBy: ['project', 'service'],
    idempotent: true,
    id: (inputs) => `${text(inputs, 'project')}/${text(inputs, 'service')}`,
    admit(inputs, cloud) {
      cloud.project(text(inputs, 'project'));
      if (!knownServices.includes(text(inputs, 'service'))) {
        throw new GoogleError(
          403,
          `Not found or permission denied for service(s): ${inputs['service']}.`,
        );
      }
    },
    afterWrite: ({ id }, cloud) => cloud.enable(id),
    afterDelete(stored, cloud) {
      if (stored.inputs['disableOnDestroy'] !== false) cloud.enabled.delete(stored.id);
    },
  },
  'gcp:projects/serviceIdentity:ServiceIdentity': {
    replacedBy: ['project', 'service'],
    idempotent: true,
    id: (inputs) => `projects/${text(inputs, 'project')}/services/${text(inputs, 'service')}`,
    admit: (inputs, cloud) => cloud.requireApi(text(inputs, 'project'), text(inputs, 'service')),
    outputs(inputs, cloud) {
      const email = `service-${cloud.project(text(inputs, 'project')).number}@serverless-robot-prod.iam.gserviceaccount.com`;
      return { email, member: `serviceAccount:${email}` };
    },
  },
  'gcp:projects/iAMMember:IAMMember': member(['project'], 'cloudresourcemanager.googleapis.com'),
  'gcp:projects/iAMAuditConfig:IAMAuditConfig': {
    api: 'cloudresourcemanager.googleapis.com',
    message: ['cloudresourcemanager-v1', 'AuditConfig'],
    replacedBy: ['project', 'service'],
    idempotent: true,
    id: (inputs) => `${text(inputs, 'project')}/audit_config/${text(inputs, 'service')}`,
    outputs: () => ({ etag: 'BwY=' }),
  },
  'gcp:projects/iAMCustomRole:IAMCustomRole': {
    api: 'iam.googleapis.com',
    message: ['iam-v1', 'Role'],
    replacedBy: ['project', 'roleId'],
    id: (inputs) => `projects/${text(inputs, 'project')}/roles/${text(inputs, 'roleId')}`,
    check: (inputs) =>
      form(inputs, 'roleId', /^[A-Za-z0-9_.]{3,64}$/, 'must be 3 to 64 of a-z, A-Z, 0-9, _ and .'),
    outputs: (inputs) => ({
      name: `projects/${text(inputs, 'project')}/roles/${text(inputs, 'roleId')}`,
      deleted: false,
    }),
    // The provider looks for the role first and does not create an existing one.
    conflict: ({ roleId }) =>
      new Error(`Custom project role ${roleId} already exists and must be imported`),
    // The provider restores a deleted role of the same name:
    // https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role
    keeps: { seconds: 7 * day, refusal: () => undefined },
  },
  'gcp:billing/budget:Budget': {
    message: ['billingbudgets-v1', 'GoogleCloudBillingBudgetsV1Budget'],
    replacedBy: ['billingAccount'],
    id: (inputs) => `billingAccounts/${text(inputs, 'billingAccount')}/budgets/${randomUUID()}`,
    outputs: (_inputs, _cloud, _before, id) => ({ name: id.split('/').at(-1) }),
  },
  'gcp:serviceaccount/account:Account': {
    api: 'iam.googleapis.com',
    message: ['iam-v1', 'ServiceAccount'],
    replacedBy: ['project', 'accountId'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/serviceAccounts/${emailOf(text(inputs, 'accountId'), text(inputs, 'project'))}`,
    check: (inputs) =>
      form(
        inputs,
        'accountId',
        /^[a-z]([-a-z0-9]{4,28}[a-z0-9])$/,
        'must be 6 to 30 of a-z, 0-9 and -, beginning with a letter',
      ),
    outputs(inputs) {
      const email = emailOf(text(inputs, 'accountId'), text(inputs, 'project'));
      return {
        email,
        member: `serviceAccount:${email}`,
        name: `projects/${text(inputs, 'project')}/serviceAccounts/${email}`,
        uniqueId: '100000000000000000000',
      };
    },
  },
  'gcp:serviceaccount/iAMMember:IAMMember': member(['serviceAccountId'], 'iam.googleapis.com'),
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': {
    api: 'iam.googleapis.com',
    message: ['iam-v1', 'WorkloadIdentityPool'],
    replacedBy: ['project', 'workloadIdentityPoolId'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/locations/global/workloadIdentityPools/${text(inputs, 'workloadIdentityPoolId')}`,
    check: (inputs) =>
      form(
        inputs,
        'workloadIdentityPoolId',
        /^[a-z0-9-]{4,32}$/,
        'must be 4 to 32 of a-z, 0-9 and -',
      ),
    outputs: (inputs, cloud) => ({
      name: `projects/${cloud.project(text(inputs, 'project')).number}/locations/global/workloadIdentityPools/${text(inputs, 'workloadIdentityPoolId')}`,
      state: 'ACTIVE',
    }),
    keeps: keptFor30Days,
  },
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': {
    api: 'iam.googleapis.com',
    message: ['iam-v1', 'WorkloadIdentityPoolProvider'],
    replacedBy: ['project', 'workloadIdentityPoolId', 'workloadIdentityPoolProviderId'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/locations/global/workloadIdentityPools/${text(inputs, 'workloadIdentityPoolId')}/providers/${text(inputs, 'workloadIdentityPoolProviderId')}`,
    check: (inputs) =>
      form(
        inputs,
        'workloadIdentityPoolProviderId',
        /^[a-z0-9-]{4,32}$/,
        'must be 4 to 32 of a-z, 0-9 and -',
      ),
    admit(inputs, cloud) {
      const pool = text(inputs, 'workloadIdentityPoolId');
      const found = cloud
        .of('gcp:iam/workloadIdentityPool:WorkloadIdentityPool')
        .some((each) => each.inputs['workloadIdentityPoolId'] === pool);
      if (!found) throw new GoogleError(404, `Requested entity was not found: ${pool}`);
      if (text(inputs, 'attributeCondition').length > 4096)
        throw new GoogleError(400, 'attributeCondition is too long');
    },
    outputs: (inputs, cloud) => ({
      name: `projects/${cloud.project(text(inputs, 'project')).number}/locations/global/workloadIdentityPools/${text(inputs, 'workloadIdentityPoolId')}/providers/${text(inputs, 'workloadIdentityPoolProviderId')}`,
      state: 'ACTIVE',
    }),
    keeps: keptFor30Days,
  },
  'gcp:storage/bucketIAMMember:BucketIAMMember': member(['bucket']),
};

function emailOf(accountId: string, projectId: string): string {
  return `${accountId}@${projectId}.iam.gserviceaccount.com`;
}
