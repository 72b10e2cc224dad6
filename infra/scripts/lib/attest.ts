import {
  attestorOf,
  buildAccountOf,
  type ImagePlace,
  keyVersionOf,
  noteOf,
} from '../../src/image-names.ts';
import { Failure, run } from './cli.ts';
import { accessToken, callGoogle, endpoint } from './google-api.ts';

/**
 * Returns the gcloud arguments that sign an image and store the attestation:
 * https://cloud.google.com/sdk/gcloud/reference/beta/container/binauthz/attestations/sign-and-create
 *
 * @param account the account to impersonate; defaults to the signed-in account
 */
export function attestArguments(image: string, place: ImagePlace, account?: string): string[] {
  const version = keyVersionOf(place);
  return [
    'beta',
    'container',
    'binauthz',
    'attestations',
    'sign-and-create',
    `--project=${place.project}`,
    `--artifact-url=${image}`,
    `--attestor=${attestorOf(place)}`,
    `--keyversion=${version}`,
    // The attestor's key id. By default, gcloud would derive the id from the KMS endpoint that it
    // calls.
    `--public-key-id-override=//cloudkms.googleapis.com/v1/${version}`,
    '--validate',
    ...(account === undefined ? [] : [`--impersonate-service-account=${account}`]),
  ];
}

/**
 * Verifies that gcloud has the command that attests an image. Google's archive of gcloud does not
 * contain the beta commands, and gcloud does not install them without a prompt.
 *
 * @throws {Failure} with the command that installs them
 */
export function assertCanAttest(): void {
  try {
    run('gcloud', ['beta', 'container', 'binauthz', 'attestations', 'sign-and-create', '--help'], {
      quiet: true,
    });
  } catch (error) {
    throw new Failure(
      `${(error as Error).message.trim()}\nThis command attests the image. If gcloud lacks its beta commands, run: gcloud components install beta`,
    );
  }
}

interface Occurrence {
  readonly attestation?: object;
  readonly noteName: string;
  readonly resourceUri: string;
}

/**
 * Yields the attestations of an image. Attestations are stored in Container Analysis, which may
 * respond with an empty page although later ones contain attestations: https://google.aip.dev/158
 */
async function* attestationsOf(
  image: string,
  place: ImagePlace,
  token: string,
  until: AbortSignal,
): AsyncGenerator<Occurrence> {
  const analysis = endpoint(
    'GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT',
    'https://containeranalysis.googleapis.com/',
  );
  const list = `${analysis}v1/${noteOf(place)}/occurrences`;
  // gcloud uses the same filter, because some tools store the image address with a scheme and
  // gcloud stores it without one.
  const query = new URLSearchParams({
    filter: `has_suffix(resourceUrl, "${image.split('@')[1]}")`,
  });
  for (;;) {
    const { occurrences = [], nextPageToken } = (await callGoogle(`${list}?${query}`, token, {
      until,
    })) as {
      readonly occurrences?: readonly Occurrence[];
      readonly nextPageToken?: string;
    };
    yield* occurrences.filter(({ resourceUri }) => resourceUri.replace('https://', '') === image);
    if (!nextPageToken) return;
    query.set('pageToken', nextPageToken);
  }
}

/** Reports whether an image has an attestation that the attestor can verify. */
async function isAttested(image: string, place: ImagePlace, until: AbortSignal): Promise<boolean> {
  const token = accessToken();
  const authorization = endpoint(
    'GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT',
    'https://binaryauthorization.googleapis.com/',
  );
  for await (const occurrence of attestationsOf(image, place, token, until)) {
    const { result } = (await callGoogle(
      `${authorization}v1/${attestorOf(place)}:validateAttestationOccurrence`,
      token,
      {
        body: {
          attestation: occurrence.attestation,
          occurrenceNote: occurrence.noteName,
          occurrenceResourceUri: occurrence.resourceUri,
        },
        until,
      },
    )) as { readonly result?: string };
    if (result === 'VERIFIED') return true;
  }
  return false;
}

/**
 * Verifies that the build account attested an image. Cloud Run performs the same check at
 * deployment.
 *
 * @param until a signal that cancels the check
 * @throws {Failure} if the image is not attested, with the command that attests it
 * @throws {Failure} if the attestations cannot be checked, with the reason
 * @throws the signal's reason if it aborts
 */
export async function assertAttested(
  image: string,
  place: ImagePlace,
  until: AbortSignal,
): Promise<void> {
  const attested = await isAttested(image, place, until).catch((error: Error) => {
    until.throwIfAborted();
    throw new Failure(
      `The attestations of ${image} could not be checked. Nothing was changed. ${error.message}`,
    );
  });
  if (attested) return;
  throw new Failure(
    [
      `${image} is not attested, so Cloud Run would reject it. Nothing was changed. The deploy workflow attests the images that it builds. If you trust this image, attest it:`,
      `  gcloud ${attestArguments(image, place, buildAccountOf(place)).join(' ')}`,
    ].join('\n'),
  );
}
