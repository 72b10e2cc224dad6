import { types } from '../../resources.ts';
import type { Resource } from '../harness/violations.ts';
import { type Cases, service } from './cases.ts';

const job = (props: Record<string, unknown>, stack: string): Resource => ({
  type: types.job,
  stack,
  props: { name: 'andamio-api-admin', template: { template: {} }, ...props },
});

const rule = {
  evaluationMode: 'REQUIRE_ATTESTATION',
  enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG',
  requireAttestationsBies: ['projects/example/attestors/andamio-built'],
};

const policy = (
  changes: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Resource => ({
  type: types.binaryAuthorizationPolicy,
  props: { project: 'example', defaultAdmissionRule: { ...rule, ...changes }, ...more },
});

const attestor = (...publicKeys: object[]): Resource => ({
  type: types.attestor,
  props: {
    name: 'andamio-built',
    attestationAuthorityNote: { noteReference: 'andamio-built', publicKeys },
  },
});

const kmsKey = {
  id: '//cloudkms.googleapis.com/v1/projects/example/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
  pkixPublicKey: { publicKeyPem: 'PEM', signatureAlgorithm: 'EC_SIGN_P256_SHA256' },
};

const key = (purpose: string, algorithm: string): Resource => ({
  type: types.cryptoKey,
  props: { keyRing: 'r', purpose, versionTemplate: { algorithm } },
});

const writer = (member: string, role = 'roles/artifactregistry.writer'): Resource => ({
  type: 'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember',
  props: { project: 'example', repository: 'andamio', role, member },
});

const onKey = (member: string, role = 'roles/cloudkms.signerVerifier'): Resource => ({
  type: 'gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember',
  props: { cryptoKeyId: 'projects/example/locations/l/keyRings/r/cryptoKeys/k', role, member },
});

const onNote = (member: string, role = 'roles/containeranalysis.notes.attacher'): Resource => ({
  type: 'gcp:containeranalysis/noteIamMember:NoteIamMember',
  props: { project: 'example', note: 'andamio-built', role, member },
});

const onProject = (member: string, role: string): Resource => ({
  type: 'gcp:projects/iAMMember:IAMMember',
  props: { project: 'example', role, member },
});

const build = 'serviceAccount:andamio-build@example.iam.gserviceaccount.com';
const deploy = 'serviceAccount:andamio-api-ci@example.iam.gserviceaccount.com';

export const attestationCases: Cases = {
  'run-binary-authorization': {
    accepts: {
      "the project's policy": [
        service({ binaryAuthorization: { useDefault: true } }, 'prod'),
        job({ binaryAuthorization: { useDefault: true } }, 'prod'),
      ],
      'no policy in dev': [service({}, 'dev')],
    },
    refuses: {
      'no policy in prod': [
        /useDefault is not set.*not attested.*requireAttestation/,
        service({}, 'prod'),
      ],
      'no policy in preprod': [
        /useDefault is not set/,
        service({ binaryAuthorization: { useDefault: false } }, 'preprod'),
      ],
      'no policy for a job': [/useDefault is not set/, job({}, 'prod')],
      'a breakglass justification': [
        /breakglassJustification is set/,
        service(
          { binaryAuthorization: { useDefault: true, breakglassJustification: 'hurry' } },
          'prod',
        ),
      ],
    },
  },
  'binary-authorization-attestors': {
    accepts: { 'an attestor for every image': [policy()] },
    refuses: {
      'a rule that allows every image': [
        /does not block.*did not attest/,
        policy({ evaluationMode: 'ALWAYS_ALLOW' }),
      ],
      'no attestor': [/does not block/, policy({ requireAttestationsBies: [] })],
      'a dry run': [/does not block/, policy({ enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' })],
      'exempt images': [
        /no admissionWhitelistPatterns/,
        policy({}, { admissionWhitelistPatterns: [{ namePattern: '*' }] }),
      ],
    },
  },
  'attestor-asymmetric-key': {
    accepts: {
      'a public key of Cloud KMS': [attestor(kmsKey)],
      'an asymmetric signing key': [key('ASYMMETRIC_SIGN', 'EC_SIGN_P256_SHA256')],
      'an encryption key': [key('ENCRYPT_DECRYPT', 'GOOGLE_SYMMETRIC_ENCRYPTION')],
    },
    refuses: {
      'no key': [/not from Cloud KMS.*can be copied/, attestor()],
      'a PGP key': [/not from Cloud KMS/, attestor({ asciiArmoredPgpPublicKey: 'PGP' })],
      'a second key that is not from Cloud KMS': [
        /not from Cloud KMS/,
        attestor(kmsKey, { id: 'ni:///sha-256;x' }),
      ],
      'a symmetric algorithm': [/is not asymmetric/, key('ASYMMETRIC_SIGN', 'HMAC_SHA256')],
    },
  },
  'registry-one-writer': {
    accepts: {
      'the build account': [writer(build)],
      'a deploy account that pulls': [writer(deploy, 'roles/artifactregistry.reader')],
    },
    refuses: {
      'a deploy account': [
        /is granted to.*no build produced.*Grant the role to the project's build account/,
        writer(deploy),
      ],
      'an administrator': [/is granted to/, writer(build, 'roles/artifactregistry.repoAdmin')],
      "another project's build account": [
        /is granted to.*the project's build account/,
        writer('serviceAccount:andamio-build@another.iam.gserviceaccount.com'),
      ],
      'an account whose name starts with the build account': [
        /is granted to/,
        writer(`${build}.another`),
      ],
      'the build account on the whole project': [
        /on the repository/,
        onProject(build, 'roles/artifactregistry.writer'),
      ],
    },
  },
  'attestation-one-signer': {
    accepts: {
      'the build account': [onKey(build), onNote(build)],
      'a deploy account that verifies': [
        onKey(deploy, 'roles/cloudkms.publicKeyViewer'),
        onNote(deploy, 'roles/containeranalysis.notes.occurrences.viewer'),
      ],
    },
    refuses: {
      'a deploy account on the key': [
        /signerVerifier is granted to.*no build produced.*on the signing key or the note/,
        onKey(deploy),
      ],
      'a deploy account on the note': [/attacher is granted to/, onNote(deploy)],
      "another project's build account": [
        /is granted to/,
        onKey('serviceAccount:andamio-build@another.iam.gserviceaccount.com'),
      ],
      'the build account on the whole project': [
        /on the signing key or the note/,
        onProject(build, 'roles/cloudkms.signer'),
      ],
      'the build account on the key ring': [
        /on the signing key or the note/,
        {
          type: 'gcp:kms/keyRingIAMMember:KeyRingIAMMember',
          props: {
            keyRingId: 'projects/example/locations/l/keyRings/r',
            role: 'roles/cloudkms.signer',
            member: build,
          },
        },
      ],
      ...Object.fromEntries(
        [
          'cloudkms.signer',
          'cloudkms.cryptoOperator',
          'cloudkms.admin',
          'containeranalysis.notes.editor',
          'containeranalysis.admin',
        ].map((role) => [role, [/is granted to/, onProject(deploy, `roles/${role}`)]]),
      ),
    },
  },
};
