// Names that the program, the pipeline's scripts and the documentation share. This file has no
// imports: the job that signs images runs it without installing packages.

/** Name of the image repository, and of the service's image in it. */
export const repositoryId = 'andamio';
export const imageName = 'api';

/** Name of the attestor, and of the note that its attestations are attached to. */
export const attestorId = 'andamio-built';

/** Name of the key ring and key that sign attestations. */
export const keyRingId = 'andamio';
export const keyId = 'image-attestation';

/** Account that pushes and signs images, for the GitHub job and for people who impersonate it. */
export const buildAccountId = 'andamio-build';

/** The registry and attestor of images, one per project and region. */
export interface ImagePlace {
  readonly project: string;
  readonly region: string;
}

export function registryOf({ project, region }: ImagePlace): string {
  return `${region}-docker.pkg.dev/${project}/${repositoryId}`;
}

/**
 * Parses the address of a registry, such as us-central1-docker.pkg.dev/my-project/andamio.
 *
 * @returns the place, or undefined if the address has another form
 */
export function placeOfRegistry(registry: string): ImagePlace | undefined {
  const [, region, project] = /^([a-z0-9-]+)-docker\.pkg\.dev\/([a-z0-9-]+)(?:\/|$)/.exec(registry) ?? [];
  return region && project ? { region, project } : undefined;
}

export const attestorOf = ({ project }: ImagePlace) => `projects/${project}/attestors/${attestorId}`;
export const noteOf = ({ project }: ImagePlace) => `projects/${project}/notes/${attestorId}`;
export const buildAccountOf = ({ project }: ImagePlace) => `${buildAccountId}@${project}.iam.gserviceaccount.com`;

export function keyVersionOf({ project, region }: ImagePlace): string {
  return `projects/${project}/locations/${region}/keyRings/${keyRingId}/cryptoKeys/${keyId}/cryptoKeyVersions/1`;
}
