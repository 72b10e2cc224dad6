import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../../settings/stack-settings.ts';
import { attestorId, keyId, keyRingId } from '../image-names.ts';
import { buildIdentity } from './build-identity.ts';
import type { Federation } from './federation.ts';

const keyRingName = 'attestation-key-ring';
const keyName = 'attestation-key';

/**
 * Finds the key ring and key of a destroyed stack, so that a new stack can import them. Google
 * never deletes key rings and keys, and rejects the creation of an existing one:
 * https://cloud.google.com/kms/docs/resource-hierarchy
 *
 * @returns import ids by resource name. Missing resources are omitted.
 */
export async function findSigningKey({
  project,
  region,
}: Settings): Promise<ReadonlyMap<string, string>> {
  const { keyRings } = await gcp.kms
    .getKeyRings({ project, location: region })
    .catch((error: Error) => {
      // Google responds with 403 if the API was never enabled in the project, which then has no
      // keys. After any other error, keys might exist, and creating them again would fail.
      if (!/Error 403/.test(error.message)) throw error;
      return { keyRings: [] };
    });
  const keyRing = keyRings.map(({ id }) => id).find((id) => id.endsWith(`/keyRings/${keyRingId}`));
  if (keyRing === undefined) return new Map();
  const { keys } = await gcp.kms.getCryptoKeys({ keyRing });
  const key = keys.map(({ id }) => id ?? '').find((id) => id.endsWith(`/cryptoKeys/${keyId}`));
  return new Map([[keyRingName, keyRing], ...(key ? [[keyName, key] as const] : [])]);
}

/**
 * The resources that restrict Cloud Run to attested images: a signing key in Cloud KMS, an attestor
 * with its public key, and a Binary Authorization policy that requires the attestor. The pipeline
 * signs the images that it builds. https://cloud.google.com/binary-authorization/docs/overview
 */
export class Attestation extends pulumi.ComponentResource {
  /** Full name of the key version that signs images. */
  readonly signingKey: pulumi.Output<string>;
  readonly buildAccount: pulumi.Output<string>;

  constructor(
    args: {
      readonly settings: Settings;
      readonly projectNumber: string;
      readonly repository: gcp.artifactregistry.Repository;
      readonly github: GitHub | undefined;
      readonly federation: Federation | undefined;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('andamio:project:Attestation', 'attestation', {}, opts);
    const { project, region } = args.settings;
    const parent = { parent: this };

    const keyRing = new gcp.kms.KeyRing(
      keyRingName,
      { project, location: region, name: keyRingId },
      parent,
    );
    const key = new gcp.kms.CryptoKey(
      keyName,
      {
        keyRing: keyRing.id,
        name: keyId,
        purpose: 'ASYMMETRIC_SIGN',
        versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256', protectionLevel: 'SOFTWARE' },
      },
      {
        ...parent,
        // Deleting the key would destroy its versions and invalidate the attestations of images
        // that a rollback may need. The provider's `deletionPolicy` cannot prevent this: an import
        // reads it as DELETE and fails if the declared value differs.
        retainOnDelete: true,
      },
    );
    const version = gcp.kms.getKMSCryptoKeyVersionOutput({ cryptoKey: key.id }, parent);
    this.signingKey = version.name;

    const note = new gcp.containeranalysis.Note(
      'attestation-note',
      {
        project,
        name: attestorId,
        shortDescription: 'Built and signed from the main branch',
        attestationAuthority: {
          hint: { humanReadableName: 'Built and signed from the main branch' },
        },
      },
      parent,
    );
    const attestor = new gcp.binaryauthorization.Attestor(
      'attestor',
      {
        project,
        name: attestorId,
        description: 'Images that the build account signed',
        attestationAuthorityNote: {
          noteReference: note.name,
          publicKeys: [
            {
              // The key id that gcloud writes into attestations.
              id: version.id,
              pkixPublicKey: {
                publicKeyPem: version.publicKeys.apply(([publicKey]) => publicKey?.pem ?? ''),
                signatureAlgorithm: version.publicKeys.apply(
                  ([publicKey]) => publicKey?.algorithm ?? '',
                ),
              },
            },
          ],
        },
      },
      parent,
    );
    // The attestor reads attestations through a service account that Google manages.
    const verifies = new gcp.containeranalysis.NoteIamMember(
      'attestor-reads-note',
      {
        project,
        note: note.name,
        role: 'roles/containeranalysis.notes.occurrences.viewer',
        member: pulumi.interpolate`serviceAccount:${attestor.attestationAuthorityNote.delegationServiceAccountEmail}`,
      },
      parent,
    );
    new gcp.binaryauthorization.Policy(
      'binary-authorization',
      {
        project,
        description: 'Images run only with an attestation of the build account',
        globalPolicyEvaluationMode: 'ENABLE',
        defaultAdmissionRule: {
          evaluationMode: 'REQUIRE_ATTESTATION',
          enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG',
          requireAttestationsBies: [attestor.name],
        },
      },
      { ...parent, dependsOn: [verifies] },
    );

    this.buildAccount = buildIdentity(
      { ...args, key, note: note.name, attestor: attestor.name },
      parent,
    ).email;
    this.registerOutputs();
  }
}
