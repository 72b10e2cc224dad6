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
      'what grants nothing': [{ type: 'gcp:storage/bucket:Bucket', props: { member: 'allUsers' } }],
    },
    refuses: {
      allUsers: [
        /allUsers is a member.*everyone on the internet.*Name a service account/,
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
  'iam-no-user-grants': {
    accepts: { 'a group': [projectMember('group:platform@example.com')] },
    refuses: {
      'a person': [/one person outlives.*Name a group/, projectMember('user:alice@example.com')],
    },
  },
  'iam-no-default-service-accounts': {
    accepts: {
      'an account of its own': [projectMember(account), service()],
      "Google's own service agent": [
        projectMember('serviceAccount:service-1@serverless-robot-prod.iam.gserviceaccount.com'),
      ],
    },
    refuses: {
      "Compute Engine's": [
        /own account|account made for the one task/,
        projectMember('serviceAccount:1-compute@developer.gserviceaccount.com'),
      ],
      "App Engine's": [
        /runs as a default one/,
        projectMember('serviceAccount:example@appspot.gserviceaccount.com'),
      ],
      'a service that names none': [
        /names no service account.*Set template.serviceAccount/,
        service({ template: { ...template, serviceAccount: undefined } }),
      ],
      'a service that names it': [
        /It runs as 1-compute@/,
        service({
          template: { ...template, serviceAccount: '1-compute@developer.gserviceaccount.com' },
        }),
      ],
      'a job that names none': [
        /names no service account/,
        { type: types.job, props: { template: { template: {} } } },
      ],
      'a worker pool that names none': [
        /names no service account/,
        { type: types.workerPool, props: { template: { containers: [] } } },
      ],
    },
  },
  'iam-no-service-account-keys': {
    accepts: {
      'the account itself': [
        { type: 'gcp:serviceaccount/account:Account', props: { accountId: 'api' } },
      ],
    },
    refuses: {
      'a key': [
        /never ends by itself.*federation/,
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
            /takes the access of everyone.*projects.IAMMember/,
            { type: `gcp:${scope}/iAM${form}:IAM${form}`, props: {} },
          ],
        ]),
      ),
    ),
  },
};
