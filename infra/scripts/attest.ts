import { attestorOf, buildAccountOf, type ImagePlace, keyVersionOf, noteOf } from '../delivery/names.ts';
import { Failure, run } from './cli.ts';

/**
 * Returns the arguments with which gcloud signs an image and stores the attestation:
 * https://cloud.google.com/sdk/gcloud/reference/beta/container/binauthz/attestations/sign-and-create
 *
 * @param account the account to impersonate; defaults to the account that is signed in
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
    // The key id that the attestor has, independent of the KMS endpoint that gcloud calls.
    `--public-key-id-override=//cloudkms.googleapis.com/v1/${version}`,
    '--validate',
    ...(account === undefined ? [] : [`--impersonate-service-account=${account}`]),
  ];
}

/**
 * Returns the endpoint of an API: the Pulumi provider's custom endpoint if set, otherwise Google's.
 */
function endpoint(variable: string, host: string): string {
  const custom = process.env[variable];
  // The provider's endpoints end in the API version, e.g. `/v1beta1/`.
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
 * Reports whether the attestor can verify one of the image's attestations in Container Analysis.
 */
async function isAttested(image: string, place: ImagePlace): Promise<boolean> {
  const token =
    process.env['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? run('gcloud', ['auth', 'print-access-token'], { quiet: true }).trim();
  const analysis = endpoint('GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT', 'containeranalysis');
  const authorization = endpoint('GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT', 'binaryauthorization');
  // The same filter as gcloud's: gcloud writes the address without a scheme, and other tools write
  // it with one.
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
 * Checks that the build account attested an image, as Cloud Run does at deployment.
 *
 * @throws {Failure} with the command that attests the image, or the reason why the check failed
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
