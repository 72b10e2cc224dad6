import type { ResourceValidationPolicy } from '@pulumi/policy';
import { forMembers, isProjectWide } from '../grants.ts';
import { stackOf } from '../stacks.ts';
import { forKind } from '../validation.ts';

/** Stacks whose services may run only attested images. */
const attested = ['preprod', 'prod'];

/**
 * Requires Binary Authorization on the Cloud Run workloads of these stacks, and rejects a
 * breakglass justification in any stack. Source: Google, "Require Binary Authorization for Cloud
 * Run".
 */
export const binaryAuthorizationRequired: ResourceValidationPolicy = {
  name: 'run-binary-authorization',
  description: 'Services and jobs that a release reaches run attested images alone.',
  enforcementLevel: 'mandatory',
  validateResource: (['service', 'job', 'workerPool'] as const).map((kind) =>
    forKind(kind, ({ binaryAuthorization }, refuse, { urn }) => {
      const { useDefault, breakglassJustification } = binaryAuthorization ?? {};
      if (breakglassJustification) {
        refuse(
          'binaryAuthorization.breakglassJustification is set',
          'It lets any image run, whoever built it, until it is removed',
          'Remove it, and attest the image',
        );
      }
      if (!attested.includes(stackOf(urn)) || useDefault) return;
      refuse(
        'binaryAuthorization.useDefault is not set',
        'Whoever can push to the registry could have their image deployed',
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
  description: "A project's policy requires an attestor, and enforces it.",
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
      'The default rule does not require an attestation of every image and block what lacks it',
      'An image that nobody vouched for would run',
      'Set REQUIRE_ATTESTATION with requireAttestationsBies, ENFORCED_BLOCK_AND_AUDIT_LOG, and no admissionWhitelistPatterns',
    );
  }),
};

/**
 * Requires attestors to use asymmetric signing keys of Cloud KMS, whose private keys never leave
 * it. Source: Google, "Create attestations".
 */
export const signingKeysAsymmetric: ResourceValidationPolicy = {
  name: 'attestor-asymmetric-key',
  description: 'An attestor knows public keys of Cloud KMS, made for signatures.',
  enforcementLevel: 'mandatory',
  validateResource: [
    forKind('attestor', ({ attestationAuthorityNote }, refuse) => {
      const keys = attestationAuthorityNote.publicKeys ?? [];
      const fromKms = keys.every(({ id }) =>
        /^\/\/cloudkms\.googleapis\.com\/v1\/projects\//.test(id ?? ''),
      );
      if (keys.length > 0 && fromKms) return;
      refuse(
        'The attestor has no public key of Cloud KMS',
        'The private half of another key lies somewhere as a file, and whoever copies it can attest any image',
        'Take the id and the public key of a version of a KMS key with the purpose ASYMMETRIC_SIGN',
      );
    }),
    forKind('cryptoKey', ({ purpose, versionTemplate }, refuse) => {
      if (purpose !== 'ASYMMETRIC_SIGN' || /^(EC|RSA)_SIGN_/.test(versionTemplate?.algorithm ?? ''))
        return;
      refuse(
        'The key signs with no asymmetric algorithm',
        'Who verifies a signature would have to be able to make it',
        'Set versionTemplate.algorithm to EC_SIGN_P256_SHA256',
      );
    }),
  ],
};

const writers = /^roles\/artifactregistry\.(writer|repoAdmin|admin|createOnPush\w*)$/;

/**
 * Rejects grants that let an account other than the build account push images. The account that
 * deploys must not be able to forge a build. Source: SLSA 1.0, "Build platform".
 */
export const onlyBuildPushes: ResourceValidationPolicy = {
  name: 'registry-one-writer',
  description: 'Only the account that signs images pushes them.',
  enforcementLevel: 'mandatory',
  validateResource: forMembers((member, refuse, { role }, { type }) => {
    if (!writers.test(role)) return;
    if (
      role === 'roles/artifactregistry.writer' &&
      !isProjectWide(type) &&
      /^serviceAccount:andamio-build@/.test(member)
    )
      return;
    refuse(
      `${role} is given to ${member}`,
      'What deploys could deploy what it pushed itself, past the build and its attestation',
      'Give it to the build account, on the repository',
    );
  }),
};
