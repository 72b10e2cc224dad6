import { type SettingName, storeSettings } from '@andamio/schema/settings';
import * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import { type Environment, toContainerEnvs } from './environment.ts';
import type { Settings } from './settings/index.ts';

const needed: ReadonlySet<string> = new Set<SettingName>(storeSettings);

/**
 * Returns the part of the service's environment that `admin.js` reads. It contains no secret but
 * the peppers.
 */
function storeEnvironment(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => needed.has(name)));
}

export interface AdminJobArgs {
  readonly settings: Settings;
  /** Image reference with a digest. */
  readonly image: pulumi.Input<string>;
  /** Environment of the service. */
  readonly environment: Environment;
  readonly account: gcp.serviceaccount.Account;
}

/**
 * Creates the Cloud Run job in which operators run a command of `admin.js` on the service's store:
 * `gcloud run jobs execute`, with the command as arguments. The job uses the service's image and
 * account. It reaches Firestore over Google's network and needs no VPC.
 */
export function adminJob(
  { settings, image, environment, account }: AdminJobArgs,
  opts: pulumi.CustomResourceOptions,
): gcp.cloudrunv2.Job {
  return new gcp.cloudrunv2.Job(
    'admin-job',
    {
      project: settings.project,
      name: `${settings.service}-admin`,
      location: settings.region,
      deletionProtection: settings.protect,
      // Enforced at each execution: https://cloud.google.com/binary-authorization/docs/run/overview
      ...(settings.requireAttestation && { binaryAuthorization: { useDefault: true } }),
      template: {
        taskCount: 1,
        template: {
          serviceAccount: account.email,
          // No automatic retries: operators find the cause before they run a failed command again.
          maxRetries: 0,
          timeout: '1800s',
          containers: [
            {
              image,
              commands: ['/nodejs/bin/node', '/app/admin.js'],
              args: ['--help'],
              resources: { limits: { cpu: '1', memory: '512Mi' } },
              envs: toContainerEnvs(storeEnvironment(environment)),
            },
          ],
        },
      },
    },
    opts,
  );
}
