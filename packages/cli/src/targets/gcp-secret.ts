import { setTimeout as delay } from 'node:timers/promises';
import { serviceUrl } from '@andamio/schema/service-url';
import * as z from 'zod/mini';
import { CliError, exitCodes } from '../exit-code.ts';
import { runProgram, withoutSecrets } from '../program.ts';
import type { Target } from './target.ts';

/** The environment variable that overrides the endpoint of Secret Manager in gcloud. */
const endpointVariable = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER';
const publicEndpoint = 'https://secretmanager.googleapis.com/';

const permission = 'secretmanager.versions.add';

/** The response to `testIamPermissions`. Without permissions, it is empty. */
const granted = z.object({ permissions: z.array(z.string()) });

const failure = z.object({
  error: z.object({ status: z.string().check(z.regex(/^[A-Z_]{1,40}$/)) }),
});

const gcloudTimeoutMs = 60_000;
const attempts = 3;
const attemptTimeoutMs = 15_000;
const pauseMs = 1_000;

function endpointOf(environment: NodeJS.ProcessEnv): string {
  const override = environment[endpointVariable] || publicEndpoint;
  try {
    return serviceUrl(endpointVariable, override, 'keys').href.replace(/\/$/, '');
  } catch (error) {
    throw error instanceof TypeError ? new CliError(exitCodes.settings, error.message) : error;
  }
}

/** Returns an access token for the account that gcloud uses. */
async function accessToken(environment: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout } = await runProgram('gcloud', ['auth', 'print-access-token', '--quiet'], {
    environment: withoutSecrets(environment),
    showErrors: true,
    timeoutMs: gcloudTimeoutMs,
  });
  const token = stdout.trim();
  if (code === 0 && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new CliError(
    exitCodes.cannotCreate,
    code === 'ENOENT'
      ? 'gcp-secret needs gcloud, which is not installed.'
      : 'gcloud returned no access token. Sign in: gcloud auth login.',
  );
}

/**
 * Returns the status of Google's error, such as PERMISSION_DENIED. The error's message is not used,
 * because it may quote the request.
 */
async function statusOf(response: Response): Promise<string> {
  const { data } = failure.safeParse(await response.json().catch(() => undefined));
  return data === undefined ? `${response.status}` : `${response.status} ${data.error.status}`;
}

/**
 * Calls a method of Secret Manager. Retries when Secret Manager does not respond, fails, or limits
 * the rate. Both methods that are called can be repeated: `testIamPermissions` changes nothing, and
 * a second `addVersion` only adds another version with the same key.
 */
async function call(url: string, token: string, body: object): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(attemptTimeoutMs),
    }).catch(() => undefined);
    if (response?.ok) return response.json().catch(() => ({}));
    const isTransient = response === undefined || response.status === 429 || response.status >= 500;
    if (!isTransient || attempt === attempts) {
      const reason =
        response === undefined ? 'did not respond' : `responded ${await statusOf(response)}`;
      throw new CliError(exitCodes.cannotCreate, `Google Secret Manager ${reason}.`);
    }
    await delay(attempt * pauseMs);
  }
}

/**
 * Returns the target `gcp-secret:PROJECT/NAME`. The check tests the permission to add a version. It
 * does not read the secret, because an account that may add versions may not be allowed to read it
 * (https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets).
 */
export function gcpSecret(name: string, project: string, secret: string): Target {
  return {
    name,
    async prepare(environment) {
      const url = `${endpointOf(environment)}/v1/projects/${project}/secrets/${secret}`;
      const token = await accessToken(environment);
      const answer = await call(`${url}:testIamPermissions`, token, { permissions: [permission] });
      if (!granted.safeParse(answer).data?.permissions.includes(permission)) {
        throw new CliError(
          exitCodes.cannotCreate,
          `The secret ${secret} of project ${project} does not exist, or you lack the permission ${permission}.`,
        );
      }
      return {
        async store(key) {
          const data = Buffer.from(key).toString('base64');
          await call(`${url}:addVersion`, token, { payload: { data } });
        },
        release: async () => {},
      };
    },
  };
}
