import { setTimeout as wait } from 'node:timers/promises';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { errorHook, pauseAfter } from '../error-hooks.ts';

/** Returns the base URL of the Cloud Run API. The provider's custom endpoint takes precedence. */
const api = () =>
  process.env['GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT'] || 'https://run.googleapis.com/v2/';

/**
 * Deletes a service and waits until the deletion is complete.
 *
 * @throws {Error} if Google rejects the request, or if the service still exists after the last
 *   attempt
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
  if (!deleted.ok && deleted.status !== 404)
    throw new Error(`${deleted.status}: ${await deleted.text()}`);
  for (let attempt = 1; ; attempt++) {
    const { status } = await call('GET');
    if (status === 404) return;
    const seconds = pauseAfter(attempt);
    if (seconds === undefined) throw new Error(`${name} still exists`);
    await wait(seconds * 1000);
  }
}

/**
 * Creates a hook that deletes a service and creates it again if its first revision could not read a
 * secret.
 *
 * IAM grants take effect after about two minutes, sometimes seven:
 * https://cloud.google.com/iam/docs/access-change-propagation. Cloud Run checks a revision's access
 * to secrets only once. An update does not help, because it creates a new revision only if the
 * template differs (`forceNewRevision` in
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/patch). Deleting
 * the service is safe because it has not received traffic yet.
 */
export function recreateOnceSecretsAreReadable(): pulumi.ResourceHookBinding {
  const hook = errorHook(
    'recreate a service once its secrets are readable',
    async ({ failedOperation, errors, newInputs = {} }) => {
      if (failedOperation !== 'create' || !errors[0]?.includes('Permission denied on secret'))
        return false;
      const seconds = pauseAfter(errors.length);
      if (seconds === undefined) return false;
      const { project, location, name } = newInputs;
      await pulumi.log.info(
        `The service cannot read its secrets yet, because new grants take minutes. Retrying in ${seconds} s.`,
      );
      await wait(seconds * 1000);
      try {
        await deleteService(`projects/${project}/locations/${location}/services/${name}`);
        return true;
      } catch (error) {
        await pulumi.log.warn(
          `The service could not be deleted (${(error as Error).message}). Wait a few minutes for the grants, then run:\n` +
            `  gcloud run services delete ${name} --region=${location} --project=${project}\n` +
            `  npx -y pnpm@12 pulumi up --refresh --stack ${pulumi.getStack()}`,
        );
        return false;
      }
    },
  );
  return { onError: [hook] };
}
