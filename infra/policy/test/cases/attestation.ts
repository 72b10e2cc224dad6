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
  props: { repository: 'andamio', role, member },
});

const build = 'serviceAccount:andamio-build@example.iam.gserviceaccount.com';
const deploy = 'serviceAccount:andamio-api-ci@example.iam.gserviceaccount.com';

export const attestationCases: Cases = {
  'run-binary-authorization': {
    accepts: {
      'the default policy': [
        service({ binaryAuthorization: { useDefault: true } }, 'prod'),
        job({ binaryAuthorization: { useDefault: true } }, 'prod'),
      ],
      'none in a stack alone': [service({}, 'dev')],
    },
    refuses: {
      'none in prod': [
        /useDefault is not set.*Whoever can push.*requireAttestation/,
        service({}, 'prod'),
      ],
      'none in preprod': [
        /useDefault is not set/,
        service({ binaryAuthorization: { useDefault: false } }, 'preprod'),
      ],
      'none for a job': [/useDefault is not set/, job({}, 'prod')],
      'a way around it': [
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
      'every image': [
        /does not require.*nobody vouched/,
        policy({ evaluationMode: 'ALWAYS_ALLOW' }),
      ],
      'no attestor': [/does not require/, policy({ requireAttestationsBies: [] })],
      'a dry run': [/does not require/, policy({ enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' })],
      exceptions: [
        /no admissionWhitelistPatterns/,
        policy({}, { admissionWhitelistPatterns: [{ namePattern: '*' }] }),
      ],
    },
  },
  'attestor-asymmetric-key': {
    accepts: {
      'a public key of Cloud KMS': [attestor(kmsKey)],
      'a key for signatures': [key('ASYMMETRIC_SIGN', 'EC_SIGN_P256_SHA256')],
      'a key for something else': [key('ENCRYPT_DECRYPT', 'GOOGLE_SYMMETRIC_ENCRYPTION')],
    },
    refuses: {
      'no key': [/no public key of Cloud KMS.*lies somewhere as a file/, attestor()],
      'a PGP key': [/no public key of Cloud KMS/, attestor({ asciiArmoredPgpPublicKey: 'PGP' })],
      'one of two keys as a file': [
        /no public key of Cloud KMS/,
        attestor(kmsKey, { id: 'ni:///sha-256;x' }),
      ],
      'a symmetric algorithm': [/no asymmetric algorithm/, key('ASYMMETRIC_SIGN', 'HMAC_SHA256')],
    },
  },
  'registry-one-writer': {
    accepts: {
      'the build account': [writer(build)],
      'a deploy account that pulls': [writer(deploy, 'roles/artifactregistry.reader')],
    },
    refuses: {
      'a deploy account': [
        /is given to.*past the build.*Give it to the build account/,
        writer(deploy),
      ],
      'an administrator': [/is given to/, writer(build, 'roles/artifactregistry.repoAdmin')],
      'the build account everywhere': [
        /on the repository/,
        {
          type: 'gcp:projects/iAMMember:IAMMember',
          props: { project: 'example', member: build, role: 'roles/artifactregistry.writer' },
        },
      ],
    },
  },
};
