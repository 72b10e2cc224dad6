import * as pulumi from '@pulumi/pulumi';
import { Database } from './database.ts';
import { Deployment } from './delivery.ts';
import { checkEnvironment } from './environment.ts';
import type { Foundation } from './foundation.ts';
import type { Host } from './host.ts';
import { RuntimeIdentity } from './identities.ts';
import type { ServiceImage } from './image.ts';
import { Monitoring } from './monitoring/index.ts';
import { RateLimitCounters } from './rate-limit-counters.ts';
import { type SecretReference, type SecretSource, secretIdOf, VersionedSecret } from './secrets.ts';
import { ApiService } from './service.ts';
import { serviceEnvironment } from './service-environment.ts';
import type { Settings } from './settings/index.ts';

export interface WorkloadArgs {
  readonly settings: Settings;
  readonly host: Host;
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Undefined where another stack owns the project's part. */
  readonly foundation: Foundation | undefined;
  readonly image: (opts: pulumi.CustomResourceOptions) => Promise<ServiceImage>;
}

/** One service with all that is its own: database, secrets, identities, monitoring. */
export class Workload extends pulumi.ComponentResource {
  readonly api: ApiService;
  readonly image: Promise<ServiceImage>;

  constructor(args: WorkloadArgs) {
    // Protection passes on to everything below: a destroy would else delete all that is not, and stop half-way.
    super('andamio:Service', args.settings.service, {}, { protect: args.settings.protect });
    const { settings, host, foundation } = args;
    const opts = { parent: this, dependsOn: foundation?.ready ?? [] };

    const runtime = new RuntimeIdentity(settings, opts);
    const database = new Database(settings, opts);
    const access = runtime.mayUse(database.database, settings);
    const counters = settings.sharedRateLimits ? new RateLimitCounters(settings, opts) : undefined;

    const sources: Record<string, SecretSource> = {
      ...args.secrets,
      ...(counters && { 'redis-url': { kind: 'value', value: counters.url } }),
    };
    const references: Record<string, SecretReference> = {};
    for (const [name, source] of Object.entries(sources)) {
      references[name] = new VersionedSecret(name, { settings, source, reader: runtime.account }, opts).reference;
    }
    const environment = serviceEnvironment(settings, references, counters);
    checkEnvironment(environment);

    this.image = args.image(opts);
    this.api = new ApiService(
      {
        settings,
        host,
        environment,
        counters,
        account: runtime.account,
        image: pulumi.output(this.image).reference,
      },
      // A revision starts only where it may read its database.
      { ...opts, dependsOn: [...opts.dependsOn, access] },
    );
    const secretIds = Object.keys(sources).map((name) => secretIdOf(settings, name));
    new Monitoring({ settings, host, secretIds, service: this.api.service }, opts);
    if (settings.github && settings.githubEnvironment) {
      new Deployment(
        {
          settings,
          projectNumber: host.projectNumber,
          github: settings.github,
          environment: settings.githubEnvironment,
          service: this.api.service,
          runtimeAccount: runtime.account,
          secretNames: Object.keys(sources),
        },
        opts,
      );
    }
    this.registerOutputs();
  }
}
