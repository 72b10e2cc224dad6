import { secretSettings, settingNames } from '@andamio/schema/settings';
import { types } from '../../resources.ts';
import type { Resource } from '../harness/violations.ts';
import { account, type Cases, container, digest, service, serviceWith, template } from './cases.ts';

const scaled = (own: unknown, template_: unknown) =>
  service({ scaling: own, template: { ...template, scaling: template_ } });

const withSecret = (version?: string) =>
  serviceWith({
    envs: [
      { name: 'KEY_PEPPERS', valueSource: { secretKeyRef: { secret: 'key-peppers', version } } },
    ],
  });

const withVolume = (secret: Record<string, unknown>) =>
  service({ template: { ...template, volumes: [{ name: 'certificates', secret }] } });

const invoker = (member: string): Resource => ({
  type: 'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
  props: { name: 'andamio-api', role: 'roles/run.invoker', member },
});

const plainSettings = settingNames.filter(
  (name) => !(secretSettings as readonly string[]).includes(name),
);
const secretNames = [
  ...secretSettings,
  'DB_PASSWORD',
  'GITHUB_TOKEN',
  'API_KEY',
  'apiKey',
  'PRIVATE_PEM',
  'CREDENTIALS',
];

const hidden = 'hunter2';

export const runCases: Cases = {
  'run-public-services': {
    accepts: {
      'the API service, whatever its name at Google': [
        'andamio-api',
        'andamio-api-preprod',
        'my-keys',
      ].map((name) => service({ name })),
      'another service with the invoker check': [
        { ...service({ invokerIamDisabled: false }), name: 'reports' },
      ],
    },
    refuses: {
      'another service': [
        /makes the service reports public.*Only the service that the program names.*run.invoker/,
        { ...service(), name: 'reports' },
      ],
      "another service with the API service's name at Google": [
        /makes the service reports public/,
        { ...service({ name: 'andamio-api' }), name: 'reports' },
      ],
    },
  },
  'run-no-public-invokers': {
    accepts: { 'a service account': [invoker(account)] },
    refuses: {
      allUsers: [/domain-restricted sharing.*Set invokerIamDisabled/, invoker('allUsers')],
      allAuthenticatedUsers: [
        /allAuthenticatedUsers can call the service/,
        invoker('allAuthenticatedUsers'),
      ],
    },
  },
  'run-public-host': {
    accepts: {
      'the published services': [
        service({ name: 'andamio-api' }, 'prod'),
        service({ name: 'andamio-api-preprod' }, 'preprod'),
      ],
      'any name in another stack': [service({ name: 'mine', location: 'europe-west1' }, 'dev')],
    },
    refuses: {
      'another name': [
        /Clients use.*name to andamio-api and the location to us-central1/,
        service({ name: 'andamio' }, 'prod'),
      ],
      'no name': [/named by Pulumi/, service({ name: undefined }, 'prod')],
      'another region': [
        /in europe-west1/,
        service({ name: 'andamio-api', location: 'europe-west1' }, 'prod'),
      ],
      "another stack's name": [
        /name to andamio-api-preprod/,
        service({ name: 'andamio-api' }, 'preprod'),
      ],
    },
  },
  'run-bounded-instances': {
    accepts: {
      'a bound on both': [scaled({ maxInstanceCount: 10 }, { maxInstanceCount: 10 })],
      'a bound on one': [
        scaled({ maxInstanceCount: 1000 }, undefined),
        scaled(undefined, { maxInstanceCount: 1 }),
      ],
    },
    refuses: {
      none: [/is missing.*high costs.*from 1 to 1000/, scaled(undefined, { minInstanceCount: 1 })],
      'too many': [/maxInstanceCount is 1001/, scaled(undefined, { maxInstanceCount: 1001 })],
      'too many on one': [
        /1001 and 10/,
        scaled({ maxInstanceCount: 1001 }, { maxInstanceCount: 10 }),
      ],
      zero: [/maxInstanceCount is 0/, scaled(undefined, { maxInstanceCount: 0 })],
    },
  },
  'run-no-v1': {
    accepts: { 'API v2': [service(), invoker(account)] },
    refuses: {
      'a service': [
        /API v1.*only v2 resources.*cloudrunv2/,
        { type: 'gcp:cloudrun/service:Service', props: {} },
      ],
      'a grant': [
        /API v1/,
        { type: 'gcp:cloudrun/iamMember:IamMember', props: { member: account } },
      ],
    },
  },
  'run-image-digest': {
    accepts: {
      'a digest': [service()],
      'a tag and a digest': [serviceWith({ image: `example/api:v1${digest}` })],
    },
    refuses: {
      'a tag': [
        /api:latest has no digest.*can be moved.*NAME@sha256/,
        serviceWith({ image: 'example/api:latest' }),
      ],
      'a shortened digest': [/has no digest/, serviceWith({ image: 'example/api@sha256:0123' })],
      'the second container': [
        /sidecar has no digest/,
        service({
          template: { ...template, containers: [container, { ...container, image: 'sidecar' }] },
        }),
      ],
      'a job': [
        /has no digest/,
        {
          type: types.job,
          props: { template: { template: { containers: [{ image: 'example/api' }] } } },
        },
      ],
    },
  },
  'run-no-plain-secrets': {
    accepts: {
      'settings that are not secret': [
        serviceWith({ envs: plainSettings.map((name) => ({ name, value: 'v' })) }),
      ],
      'a reference to a secret': [withSecret('1')],
      'a Redis URL with Google authentication': [
        serviceWith({
          envs: [
            { name: 'REDIS_AUTH', value: 'google-iam' },
            { name: 'REDIS_URL', value: 'rediss://10.10.0.2:6379' },
          ],
        }),
      ],
    },
    refuses: Object.fromEntries(
      secretNames.map((name) => [
        name,
        [
          new RegExp(`^(?!.*${hidden}).*variable ${name} has a plain value.*secretKeyRef`),
          serviceWith({ envs: [{ name, value: hidden }] }),
        ],
      ]),
    ),
  },
  'run-pinned-secret-versions': {
    accepts: {
      'a number': [withSecret('12')],
      'a number in a volume': [
        withVolume({ secret: 's', items: [{ path: 'ca.pem', version: '1' }] }),
      ],
    },
    refuses: {
      latest: [
        /The secret of KEY_PEPPERS is not pinned.*different values.*Set the version/,
        withSecret('latest'),
      ],
      none: [/KEY_PEPPERS/, withSecret()],
      'an alias': [/KEY_PEPPERS/, withSecret('current')],
      'latest in a volume': [
        /volume certificates at ca.pem/,
        withVolume({ secret: 's', items: [{ path: 'ca.pem', version: 'latest' }] }),
      ],
      'a volume without versions': [
        /volume certificates is not pinned/,
        withVolume({ secret: 's' }),
      ],
    },
  },
  'run-probes': {
    accepts: { both: [service()] },
    refuses: {
      'no startup probe': [
        /has no startupProbe\..*before they are ready.*health\/ready/,
        serviceWith({ startupProbe: undefined }),
      ],
      'no liveness probe': [
        /has no livenessProbe\..*stop responding/,
        serviceWith({ livenessProbe: undefined }),
      ],
      neither: [
        /startupProbe and no livenessProbe/,
        serviceWith({ startupProbe: undefined, livenessProbe: undefined }),
      ],
    },
  },
};
