import { setTimeout as wait } from 'node:timers/promises';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { errorHook, pauseAfter } from './error-hooks.ts';

/**
 * Returns the endpoint of Cloud Run's API: the provider's custom endpoint if set, otherwise
 * Google's.
 */
const api = () => process.env['GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT'] || 'https://run.googleapis.com/v2/';

/**
 * Deletes a service and waits until it is gone.
 *
 * @throws {Error} with Google's response if it is rejected
 */
async function deleteService(name: string): Promise<void> {
  const { accessToken } = await gcp.organizations.getClientConfig();
  const call = (method: string) =>
    fetch(`${api()}${name}`, {
      method,
      headers: { Authorization: `Bearer ${accessToken}` },
      signal: AbortSignal.timeout(30_000),
    });
  const deleted = await call('DELETE');
  if (!deleted.ok && deleted.status !== 404) throw new Error(`${deleted.status}: ${await deleted.text()}`);
  for (let asked = 1; ; asked++) {
    const { status } = await call('GET');
    if (status === 404) return;
    const seconds = pauseAfter(asked);
    if (seconds === undefined) throw new Error(`${name} is still there`);
    await wait(seconds * 1000);
  }
}

/**
 * Creates a service again if its first revision failed because it could not read a secret.
 *
 * IAM grants take effect after about two minutes, sometimes seven
 * (https://cloud.google.com/iam/docs/access-change-propagation), and Cloud Run checks access only
 * once. The service then stays without a working revision, and an update creates a new revision
 * only if the template differs (`forceNewRevision` in
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/patch). The
 * service has had no traffic yet, so deleting it is safe.
 */
export function againOnceGrantsAreEffective(): pulumi.ResourceHookBinding {
  const hook = errorHook('a service is created again', async ({ failedOperation, errors, newInputs = {} }) => {
    if (failedOperation !== 'create' || !errors[0]?.includes('Permission denied on secret')) return false;
    const seconds = pauseAfter(errors.length);
    if (seconds === undefined) return false;
    const { project, location, name } = newInputs;
    await pulumi.log.info(`The service may not read its secrets yet: the grants take minutes. Again in ${seconds} s.`);
    await wait(seconds * 1000);
    try {
      await deleteService(`projects/${project}/locations/${location}/services/${name}`);
      return true;
    } catch (error) {
      await pulumi.log.warn(
        `The service could not be deleted (${(error as Error).message}). When the grants are effective:\n` +
          `  gcloud run services delete ${name} --region=${location} --project=${project}\n` +
          `  npx -y pnpm@12 pulumi up --refresh --stack ${pulumi.getStack()}`,
      );
      return false;
    }
  });
  return { onError: [hook] };
}
