import type { ResourceType } from '../resource-type.ts';
import { form, text } from './common.ts';

const networkName = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

export const network: Record<string, ResourceType> = {
  'gcp:compute/network:Network': {
    api: 'compute.googleapis.com',
    message: ['compute-v1', 'Network'],
    replacedBy: ['project', 'name', 'autoCreateSubnetworks'],
    id: (inputs) => `projects/${text(inputs, 'project')}/global/networks/${text(inputs, 'name')}`,
    check: (inputs) => form(inputs, 'name', networkName, 'must be 1 to 63 of a-z, 0-9 and -'),
    refusesDelete({ id }, cloud) {
      const used = cloud
        .of('gcp:compute/subnetwork:Subnetwork')
        .find(({ inputs }) => inputs['network'] === id);
      return (
        used &&
        `The network resource '${id}' is already being used by '${used.id}', resourceInUseByAnotherResource`
      );
    },
    outputs(inputs, cloud) {
      return { selfLink: `https://www.googleapis.com/compute/v1/${this.id(inputs, cloud)}` };
    },
  },
  'gcp:compute/subnetwork:Subnetwork': {
    api: 'compute.googleapis.com',
    message: ['compute-v1', 'Subnetwork'],
    replacedBy: ['project', 'region', 'name', 'network'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/regions/${text(inputs, 'region')}/subnetworks/${text(inputs, 'name')}`,
    refusesDelete: ({ id }, cloud) =>
      (cloud.heldSubnetworks.get(id) ?? 0) > cloud.now()
        ? `The subnetwork resource '${id}' is already being used by '${id.replace(/subnetworks\/.*/, 'addresses/serverless-ipv4-1690000000000000000')}', resourceInUseByAnotherResource`
        : undefined,
    check: (inputs) => form(inputs, 'name', networkName, 'must be 1 to 63 of a-z, 0-9 and -'),
  },
};
