import { type PublicHost, publicHosts } from '@andamio/schema/hosts';
import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forMembers } from '../grants.ts';
import { stackOf } from '../stacks.ts';
import { forKind, forResources } from '../validation.ts';

const hosts: Readonly<Record<string, PublicHost>> = publicHosts;

/** The API service's name in the program. This service requires a token or a key itself. */
const apiService = 'service';

/**
 * Rejects public access to services other than {@link apiService}, whose name at Google is a
 * setting. The check covers `invokerIamDisabled`, the recommended setting under domain-restricted
 * sharing. Source: Google, "Allow public access" (Cloud Run).
 */
export const publicServices: ResourceValidationPolicy = {
  name: 'run-public-services',
  description: 'Only the API service is public.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('service', ({ invokerIamDisabled }, refuse, { name }) => {
    if (!invokerIamDisabled || name === apiService) return;
    refuse(
      `invokerIamDisabled makes the service ${name} public`,
      `Only the service that the program names ${apiService} authenticates every caller itself`,
      'Remove invokerIamDisabled, and grant roles/run.invoker to the callers',
    );
  }),
};

/**
 * Rejects grants to all users on Cloud Run resources. Source: Checkov CKV_GCP_102, which covers
 * only API v1.
 */
export const noPublicInvokers: ResourceValidationPolicy = {
  name: 'run-no-public-invokers',
  description: 'Services are not made public by a grant.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse, _grant, { type }) => {
    if (!type.startsWith('gcp:cloudrunv2/') || !/^all(Authenticated)?Users$/i.test(member)) return;
    refuse(
      `${member} can call the service`,
      "A grant is not part of the service's definition, and domain-restricted sharing rejects it",
      'Set invokerIamDisabled if the service should be public. Otherwise, grant the role to its callers',
    );
  }),
};

/**
 * Requires the name and the region of the published host for each published stack. Cloud Run derives
 * the host from both and the project number, which only the program can read and check.
 */
export const publicHost: ResourceValidationPolicy = {
  name: 'run-public-host',
  description: 'The service of a published stack has the name and region of the published host.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('service', ({ name, location }, refuse, { urn }) => {
    const host = hosts[stackOf(urn)];
    if (!host || (name === host.service && location === host.region)) return;
    refuse(
      `The service is ${name ?? 'named by Pulumi'} in ${location}`,
      'Clients use the published host, which contains the name and the region of the service',
      `Set the name to ${host.service} and the location to ${host.region}`,
    );
  }),
};

/**
 * Largest allowed value for the maximum number of instances. The subnetwork has addresses for this
 * many instances, and the setting `maxInstances` accepts no larger value.
 */
const mostInstances = 1000;

/**
 * Requires a maximum number of instances, which limits costs and connections to the stores. Source:
 * Google, "Set maximum number of instances for services".
 */
export const boundedInstances: ResourceValidationPolicy = {
  name: 'run-bounded-instances',
  description: 'A service has a maximum number of instances.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('service', ({ scaling, template }, refuse) => {
    const bounds = [scaling?.maxInstanceCount, template.scaling?.maxInstanceCount].filter(
      (bound) => bound != null,
    );
    if (bounds.length > 0 && bounds.every((bound) => bound >= 1 && bound <= mostInstances)) return;
    refuse(
      bounds.length === 0
        ? 'maxInstanceCount is missing'
        : `maxInstanceCount is ${bounds.join(' and ')}`,
      'A flood of requests would cause high costs and too many connections to the database',
      `Set scaling.maxInstanceCount and template.scaling.maxInstanceCount to a number from 1 to ${mostInstances}`,
    );
  }),
};

/**
 * Rejects resources of Cloud Run's API v1, because the other rules check only v2 resources. Google
 * keeps v1 for compatibility with Knative. Source: Google, "Cloud Run Admin API".
 */
export const noFirstGeneration: ResourceValidationPolicy = {
  name: 'run-no-v1',
  description: 'Cloud Run resources use API v2.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type }, refuse) => {
    if (!type.startsWith('gcp:cloudrun/')) return;
    refuse(
      `${type} uses API v1`,
      'The other policies check only v2 resources',
      'Use the same resource of gcp.cloudrunv2',
    );
  }),
};
