// Names that the program, the pipeline's scripts and people share. Nothing is imported here: the
// job that signs images runs this without any package.

/** The repository of images, and the image of the service in it. */
export const repositoryId = 'andamio';
export const imageName = 'api';

/** The attestor, and the note that its attestations are attached to. */
export const attestorId = 'andamio-built';

/** The key that signs attestations. */
export const keyRingId = 'andamio';
export const keyId = 'image-attestation';

/**
 * The account that pushes and signs images: for the job on GitHub, and for people who impersonate
 * it.
 */
export const buildAccountId = 'andamio-build';

/** Where images are and who vouches for them: one place a project and region. */
export interface ImagePlace {
  readonly project: string;
  readonly region: string;
}

export function registryOf({ project, region }: ImagePlace): string {
  return `${region}-docker.pkg.dev/${project}/${repositoryId}`;
}

/**
 * @returns the place of an address such as us-central1-docker.pkg.dev/my-project/andamio; undefined
 * for another form
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
