import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import type { Host } from '../public-host.ts';
import { adminJob } from './admin-job.ts';
import { CloudRunService } from './cloud-run-service.ts';
import { Database, RestoredDatabase } from './database.ts';
import { serviceEnvironment } from './environment.ts';
import { serviceImage } from './image.ts';
import { LogExclusions } from './log-exclusions.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { RateLimitCounters } from './rate-limit-counters.ts';
import { ReleaseIdentity } from './release-identity.ts';
import { RuntimeIdentity } from './runtime-identity.ts';
import { type PinnedSecret, SecretAccess } from './secrets.ts';

export interface ServiceResourcesArgs {
  readonly settings: Settings;
  readonly host: Host;
  readonly secrets: readonly PinnedSecret[];
  /**
   * The project's resources that must exist first. The list is empty if another stack owns them.
   */
  readonly dependsOn: pulumi.Resource[];
}

/** A service with its own database, secrets, identities and monitoring. */
export class ServiceResources extends pulumi.ComponentResource {
  readonly cloudRun: CloudRunService;
  /** The image that the service runs, with its digest. */
  readonly image: pulumi.Output<string>;
  readonly releaseIdentity: ReleaseIdentity | undefined;

  constructor(args: ServiceResourcesArgs) {
    super('andamio:Service', args.settings.service);
    const { settings, host, secrets, dependsOn } = args;
    const opts = { parent: this, dependsOn };

    const runtime = new RuntimeIdentity(settings, opts);
    const { database } = new Database(settings, opts);
    const grantOn = (which: string, title: string, name: pulumi.Input<string>) =>
      runtime.allowDatabaseAccess(`runtime-uses-${which}`, title, name, settings);
    // The service keeps its access to the stack's own database, so that it can return to it.
    const databases: pulumi.Resource[] = [grantOn('database', 'only-its-database', database.name)];
    const { restoredDatabase } = settings;
    if (restoredDatabase !== undefined)
      databases.push(
        new RestoredDatabase(restoredDatabase, settings, opts),
        grantOn('restored-database', 'only-its-restored-database', restoredDatabase),
      );
    const counters = settings.sharedRateLimits
      ? new RateLimitCounters(settings, runtime.account, opts)
      : undefined;
    const secretAccess = new SecretAccess({ settings, secrets, reader: runtime.account }, opts);
    this.image = serviceImage(settings, opts);
    const environment = serviceEnvironment(settings, secrets, counters);
    this.cloudRun = new CloudRunService(
      { settings, host, image: this.image, environment, counters, account: runtime.account },
      // A revision needs its database, its secrets and its counters when it starts, so the service
      // depends on the grants for all three.
      {
        ...opts,
        dependsOn: [
          ...dependsOn,
          ...databases,
          ...secretAccess.members,
          ...(counters ? [counters.access] : []),
        ],
      },
    );
    const job = adminJob(
      { settings, image: this.image, environment, account: runtime.account },
      // A release updates the job only after the new revision has started.
      { parent: this, dependsOn: [this.cloudRun.service] },
    );
    new LogExclusions(settings, runtime.account, opts);
    new Monitoring(
      { settings, host, secretIds: secrets.map(({ id }) => id), service: this.cloudRun.service },
      opts,
    );
    if (settings.github && settings.githubEnvironment) {
      this.releaseIdentity = new ReleaseIdentity(
        {
          settings,
          projectNumber: host.projectNumber,
          github: settings.github,
          environment: settings.githubEnvironment,
          service: this.cloudRun.service,
          adminJob: job,
          runtimeAccount: runtime.account,
        },
        opts,
      );
    }
    this.registerOutputs();
  }
}
