import { GoogleAuth } from 'google-auth-library';
import type { RedisCredentials } from './redis-link.ts';

/**
 * Creates a function that returns credentials for Memorystore with IAM authentication. The user is
 * `default`. The password is an access token of the service's Google identity, which needs
 * `roles/memorystore.dbConnectionUser`
 * (https://cloud.google.com/memorystore/docs/valkey/about-iam-auth). The library caches a token
 * until five minutes before it expires.
 */
export function googleCredentials(): () => Promise<RedisCredentials> {
  const auth = new GoogleAuth({
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    // A token belongs to an identity, not to a project. Without a value here, the library would
    // look up a project first, which takes seconds if the gcloud CLI is installed.
    projectId: 'none',
  });
  return async () => {
    const token = await auth.getAccessToken().catch(() => {
      // The error may quote a credentials file or the response of a token endpoint.
      throw new Error(
        "No access token of the service's Google identity could be obtained. Check the metadata server, or run `gcloud auth application-default login`.",
      );
    });
    return { username: 'default', password: token ?? '' };
  };
}
