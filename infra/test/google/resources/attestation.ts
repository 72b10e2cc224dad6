import { GoogleError } from '../error.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { form, member, text } from './common.ts';

const keyRingId = (inputs: Properties) =>
  `projects/${text(inputs, 'project')}/locations/${text(inputs, 'location')}/keyRings/${text(inputs, 'name')}`;

/**
 * Returns the resource type for the IAM members of a resource. The resource must exist before a
 * member is added.
 */
function memberOf(
  argument: string,
  idOf: (inputs: Properties) => string,
  api: string,
): ResourceType {
  const base = member(argument === 'cryptoKeyId' ? [argument] : ['project', argument], api);
  return {
    ...base,
    admit(inputs, cloud, before) {
      if (!cloud.resources.has(idOf(inputs)))
        throw new GoogleError(404, `Requested entity was not found: ${idOf(inputs)}`);
      base.admit?.(inputs, cloud, before);
    },
  };
}

const noteId = (inputs: Properties) =>
  `projects/${text(inputs, 'project')}/notes/${text(inputs, 'note')}`;
const attestorId = (inputs: Properties) =>
  `projects/${text(inputs, 'project')}/attestors/${text(inputs, 'attestor')}`;

/** Resource types of Cloud KMS, Container Analysis and Binary Authorization. */
export const attestation: Record<string, ResourceType> = {
  // Google never deletes key rings and keys: https://cloud.google.com/kms/docs/resource-hierarchy
  'gcp:kms/keyRing:KeyRing': {
    api: 'cloudkms.googleapis.com',
    replacedBy: ['project', 'location', 'name'],
    id: keyRingId,
    check: (inputs) =>
      form(inputs, 'name', /^[a-zA-Z0-9_-]{1,63}$/, 'must be 1 to 63 of letters, digits, _ and -'),
    abandons: () => true,
  },
  'gcp:kms/cryptoKey:CryptoKey': {
    replacedBy: ['keyRing', 'name', 'purpose'],
    id: (inputs) => `${text(inputs, 'keyRing')}/cryptoKeys/${text(inputs, 'name')}`,
    admit(inputs, cloud) {
      if (!cloud.resources.has(text(inputs, 'keyRing')))
        throw new GoogleError(404, `KeyRing ${text(inputs, 'keyRing')} not found.`);
    },
    abandons: () => true,
  },
  'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember': memberOf(
    'cryptoKeyId',
    (inputs) => text(inputs, 'cryptoKeyId'),
    'cloudkms.googleapis.com',
  ),
  'gcp:containeranalysis/note:Note': {
    api: 'containeranalysis.googleapis.com',
    replacedBy: ['project', 'name'],
    id: (inputs) => `projects/${text(inputs, 'project')}/notes/${text(inputs, 'name')}`,
  },
  'gcp:containeranalysis/noteIamMember:NoteIamMember': memberOf(
    'note',
    noteId,
    'containeranalysis.googleapis.com',
  ),
  'gcp:binaryauthorization/attestor:Attestor': {
    api: 'binaryauthorization.googleapis.com',
    replacedBy: ['project', 'name'],
    computed: ['attestationAuthorityNote.delegationServiceAccountEmail'],
    id: (inputs) => `projects/${text(inputs, 'project')}/attestors/${text(inputs, 'name')}`,
    outputs(inputs, cloud) {
      const { number } = cloud.project(text(inputs, 'project'));
      const note = inputs['attestationAuthorityNote'] as Properties;
      const delegationServiceAccountEmail = `service-${number}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`;
      return { attestationAuthorityNote: { ...note, delegationServiceAccountEmail } };
    },
  },
  'gcp:binaryauthorization/attestorIamMember:AttestorIamMember': memberOf(
    'attestor',
    attestorId,
    'binaryauthorization.googleapis.com',
  ),
  'gcp:binaryauthorization/policy:Policy': {
    api: 'binaryauthorization.googleapis.com',
    replacedBy: ['project'],
    // Every project has a policy from the start, so creating the resource only updates it.
    idempotent: true,
    id: (inputs) => `projects/${text(inputs, 'project')}`,
    admit(inputs, cloud) {
      const { requireAttestationsBies: names = [] } = inputs['defaultAdmissionRule'] as Record<
        string,
        string[]
      >;
      for (const name of names ?? []) {
        const id = attestorId({ ...inputs, attestor: name.split('/').at(-1) });
        if (!cloud.resources.has(id)) throw new GoogleError(400, `Attestor ${id} does not exist.`);
      }
    },
  },
};
