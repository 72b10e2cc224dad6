import { setTimeout as wait } from 'node:timers/promises';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { errorHook, pauseAfter } from '../error-hooks.ts';

/** Returns the base URL of the Cloud Run API. The provider's custom endpoint takes precedence. */
const api = () =>
  process.env['GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT'] || 'https://run.googleapis.com/v2/';

async function request(method: string, path: string, body?: unknown): Promise<Response> {
  const { accessToken } = await gcp.organizations.getClientConfig();
  return fetch(`${api()}${path}`, {
    method,
    headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
    signal: AbortSignal.timeout(30_000),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** Sends a request like {@link request}, and returns the JSON of the response. */
async function call<Result>(method: string, path: string, body?: unknown): Promise<Result> {
  const response = await request(method, path, body);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json() as Promise<Result>;
}

/**
 * Waits until Google reports that something is complete.
 *
 * @throws {Error} if it is not complete after the last attempt
 */
async function waitUntil(what: string, isComplete: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; !(await isComplete()); attempt++) {
    const seconds = pauseAfter(attempt);
    if (seconds === undefined) throw new Error(`${what} takes too long`);
    await wait(seconds * 1000);
  }
}

/**
 * Deletes a service and waits until the deletion is complete.
 *
 * @throws {Error} if Google rejects the request, or if the service still exists after the last
 *   attempt
 */
async function deleteService(name: string): Promise<void> {
  const deleted = await request('DELETE', name);
  if (!deleted.ok && deleted.status !== 404)
    throw new Error(`${deleted.status}: ${await deleted.text()}`);
  await waitUntil(
    `The deletion of ${name}`,
    async () => (await request('GET', name)).status === 404,
  );
}

/** The fields of a service that are used here. Google omits the name of a missing revision. */
interface Service {
  readonly template: unknown;
  readonly latestCreatedRevision?: string;
  readonly latestReadyRevision?: string;
}

interface Operation {
  readonly name: string;
  readonly done?: boolean;
  readonly error?: { readonly message: string };
}

/**
 * Creates another revision from the template of the newest one, and waits until it is ready. An
 * update does not do this, because it creates a revision only if the template differs:
 * `forceNewRevision` in
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/patch
 *
 * @throws {Error} if the revision does not become ready
 */
async function startRevision(name: string): Promise<void> {
  const { template } = await call<Service>('GET', name);
  let operation = await call<Operation>(
    'PATCH',
    `${name}?updateMask=template&forceNewRevision=true`,
    { template },
  );
  await waitUntil(`Starting a revision of ${name}`, async () => {
    if (!operation.done) operation = await call<Operation>('GET', operation.name);
    return operation.done === true;
  });
  if (operation.error) throw new Error(operation.error.message);
}

/**
 * Creates a hook that retries to create or update a service whose revision could not read a secret.
 *
 * IAM grants take effect after about two minutes, sometimes seven:
 * https://cloud.google.com/iam/docs/access-change-propagation. Cloud Run checks a revision's access
 * to secrets only once, so a retry needs another revision. A service that could not be created is
 * deleted first, which is safe because it has not received traffic yet.
 */
export function retryOnceSecretsAreReadable(): pulumi.ErrorHook {
  return errorHook(
    'retry once the secrets are readable',
    async ({ failedOperation, errors, newInputs = {} }) => {
      if (!errors[0]?.includes('Permission denied on secret')) return false;
      const seconds = pauseAfter(errors.length);
      if (seconds === undefined) return false;
      const { project, location, name } = newInputs;
      const service = `projects/${project}/locations/${location}/services/${name}`;
      await pulumi.log.info(
        `The service cannot read its secrets yet, because new grants take minutes. Retrying in ${seconds} s.`,
      );
      await wait(seconds * 1000);
      if (failedOperation === 'update') {
        // If this revision fails too, the retried update reports why.
        await startRevision(service).catch(() => undefined);
        return true;
      }
      try {
        await deleteService(service);
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
}

/**
 * Returns the full name of the newest revision of a service once it is ready. If it failed to start
 * in an earlier `up`, starts another one. Otherwise the service would go on running the revision
 * before, although Pulumi finds no difference: the state contains the template that was sent, and
 * the provider then sends no request (`clientSideOnly` in `resourceCloudRunV2ServiceUpdate` of
 * https://github.com/hashicorp/terraform-provider-google-beta).
 *
 * A preview returns the newest ready revision.
 *
 * @throws {pulumi.RunError} if the other revision does not become ready either
 */
export function newestReadyRevision(service: gcp.cloudrunv2.Service): pulumi.Output<string> {
  return pulumi
    .all([service.id, service.latestCreatedRevision, service.latestReadyRevision])
    .apply(async ([name, created, ready]) => {
      if (created === ready || pulumi.runtime.isDryRun()) return ready;
      try {
        const found = await call<Service>('GET', name);
        // The state is older than the revision that was started here in an earlier `up`.
        if (found.latestCreatedRevision === found.latestReadyRevision)
          return found.latestReadyRevision as string;
        await pulumi.log.info(`${created} did not start. Starting another revision.`);
        await startRevision(name);
        return (await call<Service>('GET', name)).latestReadyRevision as string;
      } catch (error) {
        throw new pulumi.RunError(
          `The newest revision of the service is not ready: ${(error as Error).message}`,
        );
      }
    });
}
