import { type SettingName, storeSettings } from '@andamio/schema/settings';
import * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import { type Environment, toContainerEnvs } from './environment.ts';
import type { Settings } from './settings/index.ts';

const needed: ReadonlySet<string> = new Set<SettingName>(storeSettings);

/** What the operators' tool reads of the service's environment: no secret but the peppers. */
function storeEnvironment(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => needed.has(name)));
}

export interface AdminJobArgs {
  readonly settings: Settings;
  /** By digest. */
  readonly image: pulumi.Input<string>;
  /** The service's. */
  readonly environment: Environment;
  readonly account: gcp.serviceaccount.Account;
}

/**
 * The job by which operators run a command of `admin.js` on the service's store, in the service's image and as its account:
 * `gcloud run jobs execute`, with the command as arguments. It reaches Firestore over Google's network and needs no other.
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
      // Asked at each execution: https://cloud.google.com/binary-authorization/docs/run/overview
      ...(settings.requireAttestation && { binaryAuthorization: { useDefault: true } }),
      template: {
        taskCount: 1,
        template: {
          serviceAccount: account.email,
          // An operator repeats a command that failed, once they know why it did.
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
