import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import type { Foundation } from '../project/project-resources.ts';
import type { Host } from '../public-host.ts';
import { adminJob } from './admin-job.ts';
import { ApiService } from './cloud-run-service.ts';
import { Database } from './database.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { RateLimitCounters } from './rate-limit-counters.ts';
import { Deployment } from './release-identity.ts';
import { RuntimeIdentity } from './runtime-identity.ts';
import { type PinnedSecret, SecretAccess } from './secrets.ts';
import { serviceEnvironment } from './service-environment.ts';

export interface WorkloadArgs {
  readonly settings: Settings;
  readonly host: Host;
  readonly secrets: readonly PinnedSecret[];
  /** The project's shared resources; undefined if another stack owns them. */
  readonly foundation: Foundation | undefined;
  readonly image: (opts: pulumi.CustomResourceOptions) => pulumi.Output<string>;
}

/** A service with its own database, secrets, identities and monitoring. */
export class Workload extends pulumi.ComponentResource {
  readonly api: ApiService;
  /** Image reference with a digest. */
  readonly image: pulumi.Output<string>;
  readonly deployment: Deployment | undefined;

  constructor(args: WorkloadArgs) {
    // Protection must apply to all child resources. Otherwise `destroy` would delete the
    // unprotected ones and then stop halfway.
    super('andamio:Service', args.settings.service, {}, { protect: args.settings.protect });
    const { settings, host, secrets, foundation } = args;
    const opts = { parent: this, dependsOn: foundation?.ready ?? [] };

    const runtime = new RuntimeIdentity(settings, opts);
    const database = new Database(settings, opts);
    const access = runtime.mayUse(database.database, settings);
    const counters = settings.sharedRateLimits
      ? new RateLimitCounters(settings, runtime.account, opts)
      : undefined;

    const secretAccess = new SecretAccess({ settings, secrets, reader: runtime.account }, opts);

    this.image = args.image(opts);
    const environment = serviceEnvironment(settings, secrets, counters);
    this.api = new ApiService(
      {
        settings,
        host,
        environment,
        counters,
        account: runtime.account,
        image: this.image,
      },
      // A revision needs its database, its secrets and its counters when it starts, so the service
      // depends on the grants for all three.
      {
        ...opts,
        dependsOn: [
          ...opts.dependsOn,
          access,
          ...secretAccess.members,
          ...(counters ? [counters.access] : []),
        ],
      },
    );
    const job = adminJob(
      { settings, image: this.image, environment, account: runtime.account },
      // A release updates the job only after the new revision has started.
      { parent: this, dependsOn: [this.api.service] },
    );
    new Monitoring(
      { settings, host, secretIds: secrets.map(({ id }) => id), service: this.api.service },
      opts,
    );
    if (settings.github && settings.githubEnvironment) {
      this.deployment = new Deployment(
        {
          settings,
          projectNumber: host.projectNumber,
          github: settings.github,
          environment: settings.githubEnvironment,
          service: this.api.service,
          adminJob: job,
          runtimeAccount: runtime.account,
        },
        opts,
      );
    }
    this.registerOutputs();
  }
}
