import type { Google } from './client.ts';

/** APIs of the fake's REST server, as the Google Cloud CLI names them in its settings. */
const served = [
  'binaryauthorization',
  'cloudkms',
  'cloudresourcemanager',
  'containeranalysis',
  'iam',
  'iamcredentials',
  'logging',
  'secretmanager',
  'serviceusage',
];

/**
 * The environment in which the Google Cloud CLI talks to the fake, as somebody who is signed in.
 * https://cloud.google.com/sdk/gcloud/reference/topic/configurations
 *
 * @param folder takes the CLI's own files
 */
export async function gcloudEnvironment(google: Google, folder: string): Promise<Record<string, string>> {
  const url = await google.restUrl();
  return {
    CLOUDSDK_CONFIG: folder,
    CLOUDSDK_AUTH_ACCESS_TOKEN: 'a-token-of-the-tests',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    // What the Pulumi provider is told as well, and the pipeline's scripts read.
    GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT: `${url}v1/`,
    GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT: `${url}v1beta1/`,
    // Of Cloud Run, gcloud asks the region: https://us-central1-run.googleapis.com. Who executes jobs makes that name known.
    CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: url.replace('127.0.0.1', 'localhost'),
    ...Object.fromEntries(served.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`, url])),
  };
}
