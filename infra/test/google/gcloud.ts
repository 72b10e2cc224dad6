import type { Google } from './client.ts';

/** APIs of the fake's REST server, by their name in the Google Cloud CLI's settings. */
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
 * Returns the environment in which the Google Cloud CLI calls the fake, with a signed-in account.
 * https://cloud.google.com/sdk/gcloud/reference/topic/configurations
 *
 * @param folder configuration folder of the CLI
 */
export async function gcloudEnvironment(google: Google, folder: string): Promise<Record<string, string>> {
  const url = await google.restUrl();
  return {
    CLOUDSDK_CONFIG: folder,
    CLOUDSDK_AUTH_ACCESS_TOKEN: 'a-token-of-the-tests',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    // The Pulumi provider and the pipeline's scripts read these as well.
    GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT: `${url}v1/`,
    GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT: `${url}v1beta1/`,
    // gcloud calls Cloud Run at the region's host: https://us-central1-run.googleapis.com. Tests
    // that execute jobs make that name resolvable.
    CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: url.replace('127.0.0.1', 'localhost'),
    ...Object.fromEntries(served.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`, url])),
  };
}
