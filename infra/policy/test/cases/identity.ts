import { types } from '../../resources.ts';
import { account, type Cases, projectMember, service, template } from './cases.ts';

const policyData = (member: string) =>
  JSON.stringify({ bindings: [{ role: 'roles/run.invoker', members: [member] }] });

export const identityCases: Cases = {
  'iam-no-public-members': {
    accepts: {
      'a service account': [projectMember(account)],
      'a policy without bindings': [
        { type: 'gcp:storage/bucketIAMPolicy:BucketIAMPolicy', props: { policyData: '{}' } },
      ],
      'a resource that grants no role': [
        { type: 'gcp:storage/bucket:Bucket', props: { member: 'allUsers' } },
      ],
    },
    refuses: {
      allUsers: [
        /allUsers is a member.*everyone on the internet.*Grant the role to a service account/,
        projectMember('allUsers'),
      ],
      allAuthenticatedUsers: [/any Google account/, projectMember('allAuthenticatedUsers')],
      'one of several members': [
        /allUsers/,
        {
          type: 'gcp:storage/bucketIAMBinding:BucketIAMBinding',
          props: {
            bucket: 'b',
            role: 'roles/storage.objectViewer',
            members: [account, 'allUsers'],
          },
        },
      ],
      'a member within a policy': [
        /allUsers/,
        {
          type: 'gcp:cloudrunv2/serviceIamPolicy:ServiceIamPolicy',
          props: { policyData: policyData('allUsers') },
        },
      ],
    },
  },
  'storage-no-access-control-lists': {
    accepts: {
      'a grant': [
        {
          type: 'gcp:storage/bucketIAMMember:BucketIAMMember',
          props: { role: 'roles/storage.objectViewer', member: account },
        },
      ],
    },
    refuses: Object.fromEntries(
      ['ACL', 'AccessControl'].flatMap((form) =>
        ['bucket', 'defaultObject', 'object'].map((name) => [
          `${name}${form}`,
          [
            /access control list.*everyone on the internet.*BucketIAMMember/,
            {
              type: `gcp:storage/${name}${form}:${name[0]?.toUpperCase()}${name.slice(1)}${form}`,
              props: { bucket: 'state', roleEntities: ['READER:allUsers'] },
            },
          ],
        ]),
      ),
    ),
  },
  'iam-no-user-grants': {
    accepts: { 'a group': [projectMember('group:platform@example.com')] },
    refuses: {
      'a user': [
        /easily forgotten.*Grant the role to a group/,
        projectMember('user:alice@example.com'),
      ],
    },
  },
  'iam-no-default-service-accounts': {
    accepts: {
      'a dedicated account': [projectMember(account), service()],
      "Google's own service agent": [
        projectMember('serviceAccount:service-1@serverless-robot-prod.iam.gserviceaccount.com'),
      ],
    },
    refuses: {
      "Compute Engine's": [
        /is a member.*dedicated service account/,
        projectMember('serviceAccount:1-compute@developer.gserviceaccount.com'),
      ],
      "App Engine's": [
        /runs as the default one/,
        projectMember('serviceAccount:example@appspot.gserviceaccount.com'),
      ],
      'a service without an account': [
        /serviceAccount is missing.*Set template.serviceAccount/,
        service({ template: { ...template, serviceAccount: undefined } }),
      ],
      'a service with the default account': [
        /runs as 1-compute@/,
        service({
          template: { ...template, serviceAccount: '1-compute@developer.gserviceaccount.com' },
        }),
      ],
      'a job without an account': [
        /serviceAccount is missing/,
        { type: types.job, props: { template: { template: {} } } },
      ],
      'a worker pool without an account': [
        /serviceAccount is missing/,
        { type: types.workerPool, props: { template: { containers: [] } } },
      ],
    },
  },
  'iam-no-service-account-keys': {
    accepts: {
      'an account without a key': [
        { type: 'gcp:serviceaccount/account:Account', props: { accountId: 'api' } },
      ],
    },
    refuses: {
      'a key': [
        /never expires.*federation/,
        { type: types.serviceAccountKey, props: { serviceAccountId: 'a' } },
      ],
    },
  },
  'iam-no-authoritative-project-grants': {
    accepts: {
      'one member': [projectMember(account)],
      'a binding on one resource': [
        {
          type: 'gcp:storage/bucketIAMBinding:BucketIAMBinding',
          props: { role: 'r', members: [account] },
        },
      ],
    },
    refuses: Object.fromEntries(
      ['projects', 'folder', 'organizations'].flatMap((scope) =>
        ['Binding', 'Policy'].map((form) => [
          `the ${form} of ${scope}`,
          [
            /lose their access.*projects.IAMMember/,
            { type: `gcp:${scope}/iAM${form}:IAM${form}`, props: {} },
          ],
        ]),
      ),
    ),
  },
};
