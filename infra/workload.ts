import * as pulumi from '@pulumi/pulumi';
import { adminJob } from './admin-job.ts';
import { Database } from './database.ts';
import { Deployment } from './delivery/deployment.ts';
import type { Foundation } from './foundation.ts';
import type { Host } from './host.ts';
import { RuntimeIdentity } from './identities.ts';
import { Monitoring } from './monitoring/index.ts';
import { RateLimitCounters } from './rate-limit-counters.ts';
import { type PinnedSecret, SecretAccess } from './secrets.ts';
import { ApiService } from './service.ts';
import { serviceEnvironment } from './service-environment.ts';
import type { Settings } from './settings/index.ts';

export interface WorkloadArgs {
  readonly settings: Settings;
  readonly host: Host;
  readonly secrets: readonly PinnedSecret[];
  /** Undefined where another stack owns the project's part. */
  readonly foundation: Foundation | undefined;
  readonly image: (opts: pulumi.CustomResourceOptions) => pulumi.Output<string>;
}

/** One service with all that is its own: database, secrets, identities, monitoring. */
export class Workload extends pulumi.ComponentResource {
  readonly api: ApiService;
  /** By digest. */
  readonly image: pulumi.Output<string>;
  readonly deployment: Deployment | undefined;

  constructor(args: WorkloadArgs) {
    // Protection passes on to everything below: a destroy would else delete all that is not, and stop half-way.
    super('andamio:Service', args.settings.service, {}, { protect: args.settings.protect });
    const { settings, host, secrets, foundation } = args;
    const opts = { parent: this, dependsOn: foundation?.ready ?? [] };

    const runtime = new RuntimeIdentity(settings, opts);
    const database = new Database(settings, opts);
    const access = runtime.mayUse(database.database, settings);
    const counters = settings.sharedRateLimits ? new RateLimitCounters(settings, runtime.account, opts) : undefined;

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
      // A revision starts only where it may read its database and its secrets, and reach its counters.
      {
        ...opts,
        dependsOn: [...opts.dependsOn, access, ...secretAccess.members, ...(counters ? [counters.access] : [])],
      },
    );
    const job = adminJob(
      { settings, image: this.image, environment, account: runtime.account },
      // A release moves the job only once its revision has started.
      { parent: this, dependsOn: [this.api.service] },
    );
    new Monitoring({ settings, host, secretIds: secrets.map(({ id }) => id), service: this.api.service }, opts);
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
