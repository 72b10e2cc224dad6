import { type PublicHost, publicHosts } from '@andamio/schema/hosts';
import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forMembers } from '../grants.ts';
import { stackOf } from '../stacks.ts';
import { forKind, forResources } from '../validation.ts';

const hosts: Readonly<Record<string, PublicHost>> = publicHosts;

/**
 * Services that everyone on the internet may call. These services require a token or a key
 * themselves.
 */
const openServices = [...Object.values(hosts).map(({ service }) => service), 'andamio-api-dev'];

/**
 * Rejects public access to any other service. The check covers `invokerIamDisabled`, the
 * recommended setting under domain-restricted sharing. Source: Google, "Allow public access" (Cloud
 * Run).
 */
export const publicServices: ResourceValidationPolicy = {
  name: 'run-public-services',
  description: 'Only the services that are meant to be public are.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('service', ({ invokerIamDisabled, name }, refuse) => {
    if (!invokerIamDisabled || openServices.includes(name ?? '')) return;
    refuse(
      `invokerIamDisabled opens ${name ?? 'a service without a name'} to the internet`,
      `Only ${openServices.join(', ')} ask every caller for a token or key`,
      'Leave the check of callers on, and give roles/run.invoker to those who call',
    );
  }),
};

/**
 * Rejects public access by a grant to all users on Cloud Run resources. Source: Checkov
 * CKV_GCP_102, which covers only API v1.
 */
export const noPublicInvokers: ResourceValidationPolicy = {
  name: 'run-no-public-invokers',
  description: 'No service is made public by a grant.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse, _grant, { type }) => {
    if (!type.startsWith('gcp:cloudrunv2/') || !/^all(Authenticated)?Users$/i.test(member)) return;
    refuse(
      `${member} may call it`,
      "A grant does not show in the service's definition, and domain-restricted sharing takes it away",
      'Set invokerIamDisabled where the service is meant to be public, else name the caller',
    );
  }),
};

/**
 * Requires the published host for each published stack. Cloud Run derives the host from the
 * service's name, the project number and the region, and the contract publishes it.
 */
export const publicHost: ResourceValidationPolicy = {
  name: 'run-public-host',
  description: 'The service of a published stack has the published host.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('service', ({ name, location }, refuse, { urn }) => {
    const host = hosts[stackOf(urn)];
    if (!host || (name === host.service && location === host.region)) return;
    refuse(
      `The service is ${name ?? 'named by Pulumi'} in ${location}`,
      'Consumers know the service by the host that is published, which is made of its name and region',
      `Name it ${host.service}, in ${host.region}`,
    );
  }),
};

/**
 * Largest allowed maximum of instances, which is also Cloud Run's default. No service of the
 * platform needs more.
 */
const mostInstances = 100;

/**
 * Requires a maximum number of instances, which limits costs and connections to the stores. Source:
 * Google, "Set maximum number of instances for services".
 */
export const boundedInstances: ResourceValidationPolicy = {
  name: 'run-bounded-instances',
  description: 'A service says how many instances it may have at most.',
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
      'A flood of requests would become a bill, and more connections than the stores can bear',
      `Set scaling.maxInstanceCount and template.scaling.maxInstanceCount, from 1 to ${mostInstances}`,
    );
  }),
};

/**
 * Rejects resources of Cloud Run's API v1, because the other rules check only v2 resources. Google
 * keeps v1 for compatibility with Knative. Source: Google, "Cloud Run Admin API".
 */
export const noFirstGeneration: ResourceValidationPolicy = {
  name: 'run-no-v1',
  description: 'Cloud Run is described by its second API.',
  enforcementLevel: 'mandatory',
  validateResource: forResources(({ type }, refuse) => {
    if (!type.startsWith('gcp:cloudrun/')) return;
    refuse(
      `${type} is of the first API`,
      'The other rules read the second one, and would not see what this resource does',
      'Use the same resource of cloudrunv2',
    );
  }),
};
