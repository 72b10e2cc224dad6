// Names that the program, the pipeline's scripts and the documentation share. This file imports
// nothing, because the job that signs images runs without installed packages.

/** Name of the image repository. */
export const repositoryId = 'andamio';
export const imageName = 'api';

/** Name of the Binary Authorization attestor, and of its note, which holds the attestations. */
export const attestorId = 'andamio-built';

/** Name of the key ring that holds the signing key. */
export const keyRingId = 'andamio';
export const keyId = 'image-attestation';

/**
 * Id of the service account that pushes and signs images. Authorized people, and the GitHub job
 * that signs images, impersonate this account.
 */
export const buildAccountId = 'andamio-build';

/**
 * Returns the current time as a tag. Tags are immutable, and two builds of the same source may
 * differ, so each push needs a tag of its own.
 */
export const tagOfPush = () => new Date().toISOString().replace(/\D/g, '');

/** The project and region in which images are stored and attested. */
export interface ImagePlace {
  readonly project: string;
  readonly region: string;
}

export function registryOf({ project, region }: ImagePlace): string {
  return `${region}-docker.pkg.dev/${project}/${repositoryId}`;
}

/**
 * Parses a registry address such as `us-central1-docker.pkg.dev/my-project/andamio`.
 *
 * @returns undefined if the address has another form
 */
export function placeOfRegistry(registry: string): ImagePlace | undefined {
  const [, region, project] =
    /^([a-z0-9-]+)-docker\.pkg\.dev\/([a-z0-9-]+)(?:\/|$)/.exec(registry) ?? [];
  return region && project ? { region, project } : undefined;
}

export const attestorOf = ({ project }: ImagePlace) =>
  `projects/${project}/attestors/${attestorId}`;
export const noteOf = ({ project }: ImagePlace) => `projects/${project}/notes/${attestorId}`;
export const buildAccountOf = ({ project }: ImagePlace) =>
  `${buildAccountId}@${project}.iam.gserviceaccount.com`;

export function keyVersionOf({ project, region }: ImagePlace): string {
  return `projects/${project}/locations/${region}/keyRings/${keyRingId}/cryptoKeys/${keyId}/cryptoKeyVersions/1`;
}
