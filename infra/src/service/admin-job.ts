import * as gcp from '@pulumi/gcp';
import type * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import { adminEnvironment, type Environment, toContainerEnvs } from './environment.ts';

export interface AdminJobArgs {
  readonly settings: Settings;
  /** The image that the job runs, with its digest. */
  readonly image: pulumi.Input<string>;
  /** The service's environment. */
  readonly environment: Environment;
  readonly account: gcp.serviceaccount.Account;
}

/**
 * Creates the Cloud Run job that runs `admin.js` on the service's store for operators. They pass
 * the command as arguments to `gcloud run jobs execute`. The job runs the service's image as the
 * service's account. It reaches Firestore without a VPC.
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
      // Cloud Run enforces the Binary Authorization policy at each execution:
      // https://cloud.google.com/binary-authorization/docs/run/overview
      ...(settings.runsOnlyAttested && { binaryAuthorization: { useDefault: true } }),
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
              envs: toContainerEnvs(adminEnvironment(environment)),
            },
          ],
        },
      },
    },
    opts,
  );
}
