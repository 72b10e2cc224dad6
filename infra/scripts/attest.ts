import { attestorOf, buildAccountOf, type ImagePlace, keyVersionOf, noteOf } from '../delivery/names.ts';
import { Failure, run } from './cli.ts';

/**
 * Returns the arguments with which gcloud signs an image and stores the attestation:
 * https://cloud.google.com/sdk/gcloud/reference/beta/container/binauthz/attestations/sign-and-create
 *
 * @param account acted as, where it is not who is signed in
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
    // The id under which the attestor knows the key, wherever gcloud calls KMS.
    `--public-key-id-override=//cloudkms.googleapis.com/v1/${version}`,
    '--validate',
    ...(account === undefined ? [] : [`--impersonate-service-account=${account}`]),
  ];
}

/** The address of an API: Google's own, or the one that the Pulumi provider is told as well. */
function endpoint(variable: string, host: string): string {
  const custom = process.env[variable];
  // Theirs end in the version that they call, e.g. `/v1beta1/`.
  return custom ? custom.replace(/(v\d\w*\/?)?$/, '') : `https://${host}.googleapis.com/`;
}

async function call(url: string, token: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    signal: AbortSignal.timeout(30_000),
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { readonly error?: { readonly message?: string } };
  if (!response.ok) throw new Failure(`Google answers ${response.status}: ${answer.error?.message ?? 'no message'}`);
  return answer;
}

/**
 * Says whether the attestor verifies one of the attestations that Container Analysis has for an
 * image.
 */
async function isAttested(image: string, place: ImagePlace): Promise<boolean> {
  const token =
    process.env['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? run('gcloud', ['auth', 'print-access-token'], { quiet: true }).trim();
  const analysis = endpoint('GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT', 'containeranalysis');
  const authorization = endpoint('GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT', 'binaryauthorization');
  // As gcloud asks: it writes the address without a scheme, and other tools write it with one.
  const filter = encodeURIComponent(`has_suffix(resourceUrl, "${image.split('@')[1]}")`);
  const { occurrences = [] } = (await call(`${analysis}v1/${noteOf(place)}/occurrences?filter=${filter}`, token)) as {
    readonly occurrences?: readonly {
      readonly attestation?: object;
      readonly noteName: string;
      readonly resourceUri: string;
    }[];
  };
  for (const { attestation, noteName, resourceUri } of occurrences) {
    if (resourceUri.replace('https://', '') !== image) continue;
    const { result } = (await call(`${authorization}v1/${attestorOf(place)}:validateAttestationOccurrence`, token, {
      attestation,
      occurrenceNote: noteName,
      occurrenceResourceUri: resourceUri,
    })) as { readonly result?: string };
    if (result === 'VERIFIED') return true;
  }
  return false;
}

/**
 * Checks that the build account attested an image, as Cloud Run will when it is deployed.
 *
 * @throws {Failure} that names the command that attests it, or says why it could not be checked
 */
export async function assertAttested(image: string, place: ImagePlace): Promise<void> {
  const attested = await isAttested(image, place).catch((error: Error) => {
    throw new Failure(`The attestations of ${image} cannot be checked, and nothing was changed: ${error.message}`);
  });
  if (attested) return;
  throw new Failure(
    [
      `${image} is not attested: Cloud Run would refuse it. Nothing was changed. Images that the deploy workflow builds are. If you trust this one:`,
      `  gcloud ${attestArguments(image, place, buildAccountOf(place)).join(' ')}`,
    ].join('\n'),
  );
}
