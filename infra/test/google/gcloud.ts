import type { Google } from './client.ts';

/** The APIs that the fake's REST server implements, by their names in gcloud's configuration. */
const served = [
  'binaryauthorization',
  'cloudkms',
  'cloudresourcemanager',
  'containeranalysis',
  'firestore',
  'iam',
  'iamcredentials',
  'logging',
  'secretmanager',
  'serviceusage',
];

/**
 * Returns environment variables that make gcloud call the fake, as a signed-in account:
 * https://cloud.google.com/sdk/gcloud/reference/topic/configurations
 *
 * @param folder gcloud's configuration folder
 */
export async function gcloudEnvironment(
  google: Google,
  folder: string,
): Promise<Record<string, string>> {
  const url = await google.restUrl();
  return {
    CLOUDSDK_CONFIG: folder,
    CLOUDSDK_AUTH_ACCESS_TOKEN: 'a-token-of-the-tests',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    // The Pulumi provider and the pipeline's scripts also read these variables.
    GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT: `${url}v1/`,
    GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT: `${url}v1beta1/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${url}storage/v1/`,
    // gcloud calls Cloud Run at a regional host, such as https://us-central1-run.googleapis.com.
    // Tests that execute jobs make the corresponding host name resolvable.
    CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: url.replace('127.0.0.1', 'localhost'),
    ...Object.fromEntries(
      served.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`, url]),
    ),
  };
}
