import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forMembers, isProjectWide } from '../grants.ts';
import { stackOf } from '../stacks.ts';
import { forKind } from '../validation.ts';

/** Stacks whose services may run only attested images. */
const attested = ['preprod', 'prod'];

/**
 * Requires Binary Authorization on all Cloud Run workloads of preprod and prod. Rejects a
 * breakglass justification in any stack. Source: Google, "Require Binary Authorization for Cloud
 * Run".
 */
export const binaryAuthorizationRequired: ResourceValidationPolicy = {
  name: 'run-binary-authorization',
  description: 'In preprod and prod, Cloud Run runs only attested images.',
  enforcementLevel: 'mandatory',
  validateResource: (['service', 'job', 'workerPool'] as const).map((kind) =>
    forKind(kind, ({ binaryAuthorization }, refuse, { urn }) => {
      const { useDefault, breakglassJustification } = binaryAuthorization ?? {};
      if (breakglassJustification) {
        refuse(
          'binaryAuthorization.breakglassJustification is set',
          'The justification allows any image to run until it is removed',
          'Remove the justification and attest the image',
        );
      }
      if (!attested.includes(stackOf(urn)) || useDefault) return;
      refuse(
        'binaryAuthorization.useDefault is not set',
        'Any image in the registry could be deployed, even one that was not attested',
        'Set andamio:requireAttestation to true',
      );
    }),
  ),
};

/**
 * Requires a default rule that blocks every image without an attestation, and no exempt images.
 * Source: Google, "Binary Authorization: Configure a policy".
 */
export const policyRequiresAttestation: ResourceValidationPolicy = {
  name: 'binary-authorization-attestors',
  description:
    'The Binary Authorization policy of a project requires an attestation for every image.',
  enforcementLevel: 'mandatory',
  validateResource: forKind('binaryAuthorizationPolicy', (policy, refuse) => {
    const { evaluationMode, enforcementMode, requireAttestationsBies } =
      policy.defaultAdmissionRule;
    const requires =
      evaluationMode === 'REQUIRE_ATTESTATION' && (requireAttestationsBies?.length ?? 0) > 0;
    if (
      requires &&
      enforcementMode === 'ENFORCED_BLOCK_AND_AUDIT_LOG' &&
      !policy.admissionWhitelistPatterns?.length
    )
      return;
    refuse(
      'The default rule does not block every image without an attestation',
      'Cloud Run would run images that the build account did not attest',
      'Set REQUIRE_ATTESTATION with requireAttestationsBies, ENFORCED_BLOCK_AND_AUDIT_LOG, and no admissionWhitelistPatterns',
    );
  }),
};

/**
 * Requires attestors to use asymmetric signing keys in Cloud KMS. The private keys never leave
 * Cloud KMS. Source: Google, "Create attestations".
 */
export const signingKeysAsymmetric: ResourceValidationPolicy = {
  name: 'attestor-asymmetric-key',
  description: 'Attestors use asymmetric signing keys of Cloud KMS.',
  enforcementLevel: 'mandatory',
  validateResource: [
    forKind('attestor', ({ attestationAuthorityNote }, refuse) => {
      const keys = attestationAuthorityNote.publicKeys ?? [];
      const fromKms = keys.every(({ id }) =>
        /^\/\/cloudkms\.googleapis\.com\/v1\/projects\//.test(id ?? ''),
      );
      if (keys.length > 0 && fromKms) return;
      refuse(
        'The attestor has a public key that is not from Cloud KMS, or has no key',
        'A private key outside Cloud KMS can be copied, and a copy can attest any image',
        'Use the id and the public key of a KMS key version with the purpose ASYMMETRIC_SIGN',
      );
    }),
    forKind('cryptoKey', ({ purpose, versionTemplate }, refuse) => {
      if (purpose !== 'ASYMMETRIC_SIGN' || /^(EC|RSA)_SIGN_/.test(versionTemplate?.algorithm ?? ''))
        return;
      refuse(
        'The algorithm of the signing key is not asymmetric',
        'Everyone who can verify a symmetric signature can also create one',
        'Set versionTemplate.algorithm to EC_SIGN_P256_SHA256',
      );
    }),
  ],
};

const writers = /^roles\/artifactregistry\.(writer|repoAdmin|admin|createOnPush\w*)$/;

const buildAccountOf = (project: string) =>
  `serviceAccount:andamio-build@${project}.iam.gserviceaccount.com`;

/**
 * Rejects grants that let an account other than the build account push images. The account that
 * deploys must not be able to replace a build. Source: SLSA 1.0, "Build platform".
 */
export const onlyBuildPushes: ResourceValidationPolicy = {
  name: 'registry-one-writer',
  description: 'Only the build account can push images.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse, { role }, { type, props }) => {
    if (!writers.test(role)) return;
    if (
      role === 'roles/artifactregistry.writer' &&
      !isProjectWide(type) &&
      member === buildAccountOf(props['project'])
    )
      return;
    refuse(
      `${role} is granted to ${member}`,
      'A deploy account that can push images could deploy an image that no build produced',
      "Grant the role to the project's build account, on the repository",
    );
  }),
};

const signers =
  /^roles\/(cloudkms\.(signer|signerVerifier|cryptoOperator|admin)|containeranalysis\.(notes\.(attacher|editor)|admin))$/;

/**
 * Returns the project of the signing key or the note on which a role is granted. Undefined for all
 * other resources.
 */
function projectOfSigning(type: string, props: Record<string, unknown>): string | undefined {
  switch (type) {
    case 'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember':
      return /^(?:projects\/)?([^/]+)\//.exec(props['cryptoKeyId'] as string)?.[1];
    case 'gcp:containeranalysis/noteIamMember:NoteIamMember':
      return props['project'] as string;
    default:
      return undefined;
  }
}

/**
 * Rejects grants that let an account other than the build account sign images or attach
 * attestations. Cloud Run trusts the attestation alone, so the account that deploys must not be able
 * to forge one. Source: Google, "Create attestations".
 */
export const onlyBuildSigns: ResourceValidationPolicy = {
  name: 'attestation-one-signer',
  description: 'Only the build account can sign images.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse, { role }, { type, props }) => {
    if (!signers.test(role)) return;
    const project = projectOfSigning(type, props);
    if (project !== undefined && member === buildAccountOf(project)) return;
    refuse(
      `${role} is granted to ${member}`,
      'An account that can sign images could attest an image that no build produced',
      "Grant the role to the project's build account, on the signing key or the note",
    );
  }),
};
