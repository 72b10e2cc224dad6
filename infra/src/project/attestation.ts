import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { GitHub, Settings } from '../../settings/stack-settings.ts';
import { attestorId, buildAccountId, keyId, keyRingId } from '../image-names.ts';
import { buildPermissions } from '../permissions.ts';
import { allowImpersonation, type Federation, principalOf } from './federation.ts';

/** Full names of the key ring and key that a destroyed stack left behind. */
export interface KeysBefore {
  readonly keyRing?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Finds the key ring and key of a destroyed stack, so that a new stack can import them. Google
 * never deletes key rings and keys, and rejects the creation of an existing one:
 * https://cloud.google.com/kms/docs/resource-hierarchy
 */
export async function findKeys({ project, region }: Settings): Promise<KeysBefore> {
  const rings = await gcp.kms.getKeyRings({ project, location: region }).catch((error: Error) => {
    // A project in which the API was never enabled has no keys, so a 403 is not an error. After any
    // other error, existing keys would cause a conflict during the update.
    if (!/Error 403/.test(error.message)) throw error;
    return { keyRings: [] };
  });
  const keyRing = rings.keyRings
    .map(({ id }) => id)
    .find((id) => id.endsWith(`/keyRings/${keyRingId}`));
  if (keyRing === undefined) return { keyRing, key: undefined };
  const { keys } = await gcp.kms.getCryptoKeys({ keyRing });
  return {
    keyRing,
    key: keys.map(({ id }) => id ?? '').find((id) => id.endsWith(`/cryptoKeys/${keyId}`)),
  };
}

/**
 * The resources that restrict Cloud Run to attested images: a signing key in Cloud KMS, an attestor
 * with its public key, and a Binary Authorization policy that requires the attestor. The pipeline
 * signs the images that it builds. https://cloud.google.com/binary-authorization/docs/overview
 */
export class Attestation extends pulumi.ComponentResource {
  readonly attestor: pulumi.Output<string>;
  /** Full name of the key version that signs images. */
  readonly signingKey: pulumi.Output<string>;
  readonly buildAccount: pulumi.Output<string>;
  readonly policy: gcp.binaryauthorization.Policy;

  constructor(
    args: {
      readonly settings: Settings;
      readonly projectNumber: string;
      readonly keysBefore: KeysBefore;
      readonly repository: gcp.artifactregistry.Repository;
      readonly github: GitHub | undefined;
      readonly federation: Federation | undefined;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('andamio:project:Attestation', 'attestation', {}, opts);
    const { settings, keysBefore, github, federation } = args;
    const { project, region } = settings;
    const parent = { parent: this };

    const keyRing = new gcp.kms.KeyRing(
      'attestation-key-ring',
      { project, location: region, name: keyRingId },
      { ...parent, ...(keysBefore.keyRing && { import: keysBefore.keyRing }) },
    );
    const key = new gcp.kms.CryptoKey(
      'attestation-key',
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
        ...(keysBefore.key && { import: keysBefore.key }),
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
    this.attestor = attestor.name;
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
    this.policy = new gcp.binaryauthorization.Policy(
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

    const account = new gcp.serviceaccount.Account(
      'build-account',
      { project, accountId: buildAccountId, displayName: 'Pushes and signs images' },
      parent,
    );
    this.buildAccount = account.email;
    const { member } = account;
    if (github && federation) {
      allowImpersonation(
        'build-job',
        account,
        principalOf(args.projectNumber, github, 'environment:sign'),
        {
          ...parent,
          dependsOn: [federation.pool],
        },
      );
    }
    new gcp.artifactregistry.RepositoryIamMember(
      'build-pushes',
      {
        project,
        location: region,
        repository: args.repository.name,
        role: 'roles/artifactregistry.writer',
        member,
      },
      parent,
    );
    new gcp.kms.CryptoKeyIAMMember(
      'build-signs',
      { cryptoKeyId: key.id, role: 'roles/cloudkms.signerVerifier', member },
      parent,
    );
    new gcp.containeranalysis.NoteIamMember(
      'build-attaches',
      { project, note: note.name, role: 'roles/containeranalysis.notes.attacher', member },
      parent,
    );
    new gcp.binaryauthorization.AttestorIamMember(
      'build-verifies',
      {
        project,
        attestor: attestor.name,
        role: 'roles/binaryauthorization.attestorsVerifier',
        member,
      },
      parent,
    );
    const role = new gcp.projects.IAMCustomRole(
      'build-role',
      {
        project,
        roleId: 'andamio_build',
        title: 'Attests images',
        description: 'Creates attestations; which note they go to is granted on the note',
        permissions: [...buildPermissions],
      },
      parent,
    );
    new gcp.projects.IAMMember('build-attests', { project, role: role.name, member }, parent);
    this.registerOutputs();
  }
}

/**
 * Allows the release account to verify that an image is attested:
 * https://cloud.google.com/binary-authorization/docs/roles-permissions
 */
export function allowVerification(
  { project }: Settings,
  member: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): void {
  new gcp.containeranalysis.NoteIamMember(
    'deploy-reads-attestations',
    { project, note: attestorId, role: 'roles/containeranalysis.notes.occurrences.viewer', member },
    opts,
  );
  new gcp.binaryauthorization.AttestorIamMember(
    'deploy-verifies',
    { project, attestor: attestorId, role: 'roles/binaryauthorization.attestorsVerifier', member },
    opts,
  );
}
