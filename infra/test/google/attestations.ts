// The REST routes of Cloud KMS, Binary Authorization and Container Analysis that sign an image and
// verify its attestation: https://cloud.google.com/binary-authorization/docs/making-attestations.
// The signatures are real.
import { spawnSync } from 'node:child_process';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as signWith,
  verify,
} from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud } from './cloud.ts';
import { GoogleError } from './error.ts';
import type { Properties } from './resource-type.ts';
import type { Route } from './rest.ts';

/** An attestation in Container Analysis. */
export interface Occurrence {
  readonly noteName: string;
  /** The image, as `IMAGE@sha256:...`. The prefix `https://` is optional. */
  readonly resourceUri: string;
  readonly attestation: {
    readonly serializedPayload: string;
    readonly signatures: readonly { readonly publicKeyId: string; readonly signature: string }[];
  };
}

/**
 * Returns the private key of a KMS key version, in PEM format. The key is generated on first use.
 */
function privateKeyOf(version: string, cloud: Cloud): string {
  const [key = ''] = version.split('/cryptoKeyVersions/');
  if (!cloud.resources.has(key))
    throw new GoogleError(404, `CryptoKeyVersion ${version} not found.`);
  const known = cloud.signingKeys.get(version);
  if (known) return known;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  cloud.signingKeys.set(version, pem);
  return pem;
}

/** Returns the public key of a KMS key version, in PEM format. */
export function publicKeyOf(version: string, cloud: Cloud): string {
  const privateKey = createPrivateKey(privateKeyOf(version, cloud));
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/**
 * Signs a SHA-256 digest. It uses the OpenSSL CLI, because Node.js cannot sign data that is already
 * hashed.
 */
function sign(version: string, digest: Buffer, cloud: Cloud): string {
  const folder = mkdtempSync(join(tmpdir(), 'kms-'));
  try {
    const file = join(folder, 'key.pem');
    writeFileSync(file, privateKeyOf(version, cloud), { mode: 0o600 });
    const { stdout } = spawnSync('openssl', ['pkeyutl', '-sign', '-inkey', file], {
      input: digest,
    });
    return stdout.toString('base64');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function attestorOf(id: string, cloud: Cloud): Properties {
  const found = cloud.resources.get(id);
  if (found === undefined) throw new GoogleError(404, `Requested entity was not found: ${id}`);
  return found.outputs;
}

interface PublicKey {
  readonly id: string;
  readonly pkixPublicKey: { readonly publicKeyPem: string };
}

interface Note {
  readonly noteReference: string;
  readonly publicKeys: readonly PublicKey[];
  readonly delegationServiceAccountEmail: string;
}

/**
 * The number of occurrences on a page of a list. Google filters the occurrences of a page, so that
 * a page may be empty although a later one is not.
 */
const occurrencesPerPage = 2;

const noteOf = (attestor: Properties) => attestor['attestationAuthorityNote'] as unknown as Note;

/**
 * Returns the full name of the attestor's note. Google returns the name with the project, even if
 * the reference was declared without it.
 */
function noteNameOf(attestor: Properties): string {
  const { noteReference } = noteOf(attestor);
  return noteReference.includes('/')
    ? noteReference
    : `projects/${attestor['project']}/notes/${noteReference}`;
}

const imageOf = (resourceUri: string) => resourceUri.replace(/^https:\/\//, '');

/** Reports whether an attestation has a signature by one of the attestor's keys. */
function isVerified({ attestation, resourceUri }: Occurrence, attestor: Properties): boolean {
  const payload = Buffer.from(attestation.serializedPayload, 'base64');
  const { critical } = JSON.parse(payload.toString()) as {
    critical: {
      identity: { 'docker-reference': string };
      image: { 'docker-manifest-digest': string };
    };
  };
  const { identity, image } = critical;
  if (`${identity['docker-reference']}@${image['docker-manifest-digest']}` !== imageOf(resourceUri))
    return false;
  return attestation.signatures.some(({ publicKeyId, signature }) =>
    noteOf(attestor).publicKeys.some(
      ({ id, pkixPublicKey }) =>
        id === publicKeyId &&
        verify('sha256', payload, pkixPublicKey.publicKeyPem, Buffer.from(signature, 'base64')),
    ),
  );
}

/**
 * Returns the reason why the project's Binary Authorization policy denies an image, or undefined if
 * the image may run.
 */
export function denialOf(project: string, image: string, cloud: Cloud): string | undefined {
  const policy = cloud.resources.get(`projects/${project}`)?.inputs['defaultAdmissionRule'] as
    | { readonly evaluationMode: string; readonly requireAttestationsBies?: readonly string[] }
    | undefined;
  if (policy?.evaluationMode !== 'REQUIRE_ATTESTATION') return undefined;
  for (const name of policy.requireAttestationsBies ?? []) {
    const id = `projects/${project}/attestors/${name.split('/').at(-1)}`;
    const attestor = attestorOf(id, cloud);
    const attested = cloud.occurrences.some(
      (each) =>
        each.noteName === noteNameOf(attestor) &&
        imageOf(each.resourceUri) === image &&
        isVerified(each, attestor),
    );
    if (attested) continue;
    return `Image ${image} denied by attestor ${id}: No attestations found that were valid and signed by a key trusted by the attestor`;
  }
  return undefined;
}

/** Returns the routes of attestations and signing keys. */
export function attestationRoutes(cloud: Cloud): Route[] {
  const version =
    '(projects\\/([^/]+)\\/locations\\/[^/]+\\/keyRings\\/[^/]+\\/cryptoKeys\\/[^/]+\\/cryptoKeyVersions\\/\\d+)';
  const kms = 'cloudkms.googleapis.com';
  const analysis = 'containeranalysis.googleapis.com';
  const binauthz = 'binaryauthorization.googleapis.com';
  const v = '\\/v1(?:beta1)?';
  return [
    {
      pattern: new RegExp(`^GET ${v}\\/${version}\\/publicKey$`),
      api: kms,
      project: 1,
      answer: ([name = '']) => ({
        name,
        algorithm: 'EC_SIGN_P256_SHA256',
        pem: publicKeyOf(name, cloud),
      }),
    },
    {
      pattern: new RegExp(`^POST ${v}\\/${version}:asymmetricSign$`),
      api: kms,
      project: 1,
      answer([name = ''], { digest }) {
        const { sha256 } = digest as { readonly sha256: string };
        return { name, signature: sign(name, Buffer.from(sha256, 'base64'), cloud) };
      },
    },
    {
      pattern: new RegExp(`^GET ${v}\\/projects\\/([^/]+)\\/attestors\\/([^/:]+)$`),
      api: binauthz,
      answer([project, name]) {
        const attestor = attestorOf(`projects/${project}/attestors/${name}`, cloud);
        const note = { ...noteOf(attestor), noteReference: noteNameOf(attestor) };
        return {
          name: `projects/${project}/attestors/${name}`,
          userOwnedGrafeasNote: note,
          userOwnedDrydockNote: note,
        };
      },
    },
    {
      pattern: new RegExp(
        `^POST ${v}\\/projects\\/([^/]+)\\/attestors\\/([^/]+):validateAttestationOccurrence$`,
      ),
      api: binauthz,
      answer([project, name], body) {
        const occurrence = {
          noteName: String(body['occurrenceNote']),
          resourceUri: String(body['occurrenceResourceUri']),
          attestation: body['attestation'] as Occurrence['attestation'],
        };
        const verified = isVerified(
          occurrence,
          attestorOf(`projects/${project}/attestors/${name}`, cloud),
        );
        return verified
          ? { result: 'VERIFIED' }
          : {
              result: 'ATTESTATION_NOT_VERIFIABLE',
              denialReason: 'No public key of the attestor verifies it.',
            };
      },
    },
    {
      pattern: new RegExp(`^POST ${v}\\/projects\\/([^/]+)\\/occurrences$`),
      api: analysis,
      answer([project], body) {
        const { noteName, resourceUri } = body as unknown as Occurrence;
        if (!cloud.resources.has(noteName))
          throw new GoogleError(404, `note with name "${noteName}" does not exist`);
        const held = cloud.occurrences.some(
          (each) => each.noteName === noteName && JSON.stringify(each) === JSON.stringify(body),
        );
        if (held) throw new GoogleError(409, `an occurrence for ${resourceUri} already exists`);
        cloud.occurrences.push(body as unknown as Occurrence);
        return {
          name: `projects/${project}/occurrences/${cloud.occurrences.length}`,
          kind: 'ATTESTATION',
          ...body,
        };
      },
    },
    {
      pattern: new RegExp(`^GET ${v}\\/projects\\/([^/]+)\\/notes\\/([^/]+)\\/occurrences$`),
      api: analysis,
      answer([project, note], _body, query) {
        const wanted = /^has_suffix\(resourceUrl, "([^"]+)"\)$/.exec(
          query.get('filter') ?? '',
        )?.[1];
        const name = `projects/${project}/notes/${note}`;
        const all = cloud.occurrences.filter((each) => each.noteName === name);
        const start = Number(query.get('pageToken') ?? 0);
        const end = start + occurrencesPerPage;
        const occurrences = all
          .slice(start, end)
          .filter(({ resourceUri }) => wanted === undefined || resourceUri.endsWith(wanted));
        return {
          occurrences: occurrences.map((each) => ({ kind: 'ATTESTATION', ...each })),
          ...(end < all.length && { nextPageToken: String(end) }),
        };
      },
    },
    {
      // Every caller that may impersonate the account receives a token for it.
      pattern:
        /^POST \/v1\/projects\/-\/serviceAccounts\/([^/@]+@([^/.]+)\.iam\.gserviceaccount\.com):generateAccessToken$/,
      api: 'iamcredentials.googleapis.com',
      project: 1,
      answer([email]) {
        const known = cloud
          .of('gcp:serviceaccount/account:Account')
          .some(({ outputs }) => outputs['email'] === email);
        if (!known) throw new GoogleError(404, `Not found; Gaia id not found for email ${email}`);
        // gcloud cannot parse fractions of a second.
        const expireTime = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '');
        return { accessToken: `a-token-of-${email}`, expireTime };
      },
    },
  ];
}

/**
 * Signs an image and attaches the attestation, as the build account does.
 *
 * @param other true to sign with a key that the attestor does not have
 */
export function attest(project: string, image: string, cloud: Cloud, other = false): void {
  const attestor = cloud
    .of('gcp:binaryauthorization/attestor:Attestor')
    .find(({ inputs }) => inputs['project'] === project);
  if (attestor === undefined) throw new Error(`The fake has no attestor in ${project}.`);
  const id = noteOf(attestor.outputs).publicKeys[0]?.id as string;
  const [reference = '', digest = ''] = image.split('@');
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': digest },
        type: 'Google cloud binauthz container signature',
      },
    }),
  );
  const hash = createHash('sha256').update(payload).digest();
  const own = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const signature = other
    ? signWith('sha256', payload, own()).toString('base64')
    : sign(id.replace('//cloudkms.googleapis.com/v1/', ''), hash, cloud);
  cloud.occurrences.push({
    noteName: noteNameOf(attestor.outputs),
    resourceUri: image,
    attestation: {
      serializedPayload: payload.toString('base64'),
      signatures: [{ publicKeyId: id, signature }],
    },
  });
}
