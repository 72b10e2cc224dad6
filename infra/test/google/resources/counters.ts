import { GoogleError } from '../error.ts';
import type { ResourceType } from '../resource-type.ts';
import { unknown } from '../validate.ts';
import { form, text } from './common.ts';

const policyType = 'gcp:networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy';
const instanceType = 'gcp:memorystore/instance:Instance';

const certificate = (name: string) =>
  `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

/**
 * Allowed values of arguments that the provider does not validate:
 * https://cloud.google.com/memorystore/docs/valkey/reference/rest
 */
const accepted: Readonly<Record<string, readonly string[]>> = {
  authorizationMode: ['AUTH_DISABLED', 'IAM_AUTH'],
  transitEncryptionMode: ['TRANSIT_ENCRYPTION_DISABLED', 'SERVER_AUTHENTICATION'],
  engineVersion: ['VALKEY_7_2', 'VALKEY_8_0', 'VALKEY_9_0'],
  nodeType: [
    'SHARED_CORE_NANO',
    'CUSTOM_PICO',
    'CUSTOM_MICRO',
    'CUSTOM_MINI',
    'STANDARD_SMALL',
    'HIGHMEM_MEDIUM',
    'HIGHMEM_XLARGE',
  ],
};

interface Endpoint {
  readonly network: string;
  readonly projectId: string;
}

/**
 * Memorystore for Valkey instances, and the policies that create their endpoints in a network.
 * Google publishes no API description of these types.
 */
export const counters: Record<string, ResourceType> = {
  [policyType]: {
    api: 'networkconnectivity.googleapis.com',
    replacedBy: ['project', 'location', 'name', 'network', 'serviceClass'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/locations/${text(inputs, 'location')}/serviceConnectionPolicies/${text(inputs, 'name')}`,
    admit(inputs, cloud) {
      if (!cloud.resources.has(text(inputs, 'network')))
        throw new GoogleError(404, `The network ${inputs['network']} was not found.`);
    },
    outputs: () => ({ infrastructure: 'PSC', pscConnections: [] }),
    refusesDelete({ inputs }, cloud) {
      const used = cloud
        .of(instanceType)
        .some(
          (each) =>
            (each.inputs['desiredAutoCreatedEndpoints'] as Endpoint[])[0]?.network ===
            inputs['network'],
        );
      return used ? 'The service connection policy has connections.' : undefined;
    },
  },
  [instanceType]: {
    api: 'memorystore.googleapis.com',
    replacedBy: [
      'project',
      'location',
      'instanceId',
      'authorizationMode',
      'transitEncryptionMode',
      'mode',
      'desiredAutoCreatedEndpoints',
    ],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/locations/${text(inputs, 'location')}/instances/${text(inputs, 'instanceId')}`,
    check: (inputs) => [
      ...form(inputs, 'mode', /^CLUSTER(_DISABLED)?$/, 'must be CLUSTER or CLUSTER_DISABLED'),
      ...form(
        inputs,
        'instanceId',
        /^[a-z0-9][a-z0-9-]{2,61}[a-z0-9]$/,
        'must be 4 to 63 of a-z, 0-9 and -',
      ),
    ],
    admit(inputs, cloud) {
      for (const [name, values] of Object.entries(accepted)) {
        const value = inputs[name];
        if (value !== undefined && value !== unknown && !values.includes(String(value)))
          throw new GoogleError(400, `Invalid value for ${name}: ${value}`);
      }
      if (inputs['mode'] === 'CLUSTER_DISABLED' && inputs['shardCount'] !== 1)
        throw new GoogleError(400, 'shard_count must be 1 when cluster mode is disabled.');
      for (const { network } of (inputs['desiredAutoCreatedEndpoints'] as Endpoint[] | undefined) ??
        []) {
        const policy = cloud
          .of(policyType)
          .some(
            (each) =>
              each.inputs['network'] === network &&
              each.inputs['serviceClass'] === 'gcp-memorystore',
          );
        if (!policy)
          throw new GoogleError(
            400,
            `There is no service connection policy for the network ${network}.`,
          );
      }
    },
    outputs(inputs) {
      const connection = (connectionType: string, ipAddress: string) => ({
        pscAutoConnection: { connectionType, ipAddress, port: 6379 },
      });
      return {
        // The read-only endpoint comes first, so that code that relies on the order fails.
        endpoints: [
          {
            connections: [
              connection('CONNECTION_TYPE_READER', '10.10.0.3'),
              connection('CONNECTION_TYPE_PRIMARY', '10.10.0.2'),
            ],
          },
        ],
        managedServerCas:
          inputs['transitEncryptionMode'] === 'SERVER_AUTHENTICATION'
            ? [{ caCerts: [{ certificates: [certificate('MIIB'), certificate('MIIC')] }] }]
            : [],
        state: 'ACTIVE',
      };
    },
    protectedBy: (outputs) =>
      outputs['deletionProtectionEnabled'] === false
        ? undefined
        : 'deletion protection is enabled for the instance',
  },
};
