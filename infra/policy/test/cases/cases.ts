import { type Collection, collections } from '@andamio/schema/firestore-layout';
import { types } from '../../resources.ts';
import type { Resource } from '../harness/violations.ts';

/**
 * Resources that each rule must accept or reject, by the rule's name. Each rejection includes a
 * pattern of the expected message.
 */
export type Cases = Readonly<
  Record<
    string,
    {
      readonly accepts: Readonly<Record<string, readonly Resource[]>>;
      readonly refuses: Readonly<
        Record<string, readonly [because: RegExp, ...resources: Resource[]]>
      >;
    }
  >
>;

export const account = 'serviceAccount:andamio-api@example.iam.gserviceaccount.com';

/** Returns a project-wide grant of a role to a member. */
export const projectMember = (member: string, role = 'roles/datastore.user'): Resource => ({
  type: 'gcp:projects/iAMMember:IAMMember',
  props: { project: 'example', member, role },
});

export const digest = `@sha256:${'0123456789abcdef'.repeat(4)}`;

export const container = {
  image: `us-central1-docker.pkg.dev/example/andamio/api${digest}`,
  startupProbe: { httpGet: { path: '/health/ready' } },
  livenessProbe: { httpGet: { path: '/health/live' } },
  envs: [
    { name: 'KEY_STORE', value: 'firestore' },
    { name: 'KEY_PEPPERS', valueSource: { secretKeyRef: { secret: 'key-peppers', version: '3' } } },
  ],
};

export const template = {
  serviceAccount: 'andamio-api@example.iam.gserviceaccount.com',
  containers: [container],
  scaling: { minInstanceCount: 0, maxInstanceCount: 10 },
};

/** Returns a service that complies with all rules, apart from the given property changes. */
export const service = (props: Record<string, unknown> = {}, stack = 'dev'): Resource => ({
  type: types.service,
  name: 'service',
  stack,
  props: {
    name: 'andamio-api-dev',
    location: 'us-central1',
    invokerIamDisabled: true,
    deletionProtection: true,
    template,
    ...props,
  },
});

/**
 * Returns a service that complies with all rules, apart from the given changes to its container.
 */
export const serviceWith = (changes: Record<string, unknown>): Resource =>
  service({ template: { ...template, containers: [{ ...container, ...changes }] } });

/** Ids of the collections whose documents expire. */
export const expiring = Object.values<Collection>(collections)
  .filter(({ ttlField }) => ttlField !== undefined)
  .map(({ id }) => id);
