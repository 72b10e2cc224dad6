import { healthPaths } from '@andamio/schema/health';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import type { Host } from '../public-host.ts';
import { type Environment, toContainerEnvs } from './environment.ts';
import { adviseOnMissingImage } from './image.ts';
import type { RateLimitCounters } from './rate-limit-counters.ts';
import { newestReadyRevision, retryOnceSecretsAreReadable } from './revisions.ts';

/** The container's port. Cloud Run passes it in the reserved variable PORT. */
const containerPort = 8080;

/**
 * The traffic tag of a candidate. It gives the candidate its own URL, `https://candidate---HOST`,
 * before the candidate receives traffic.
 */
const candidateTag = 'candidate';

const probe = (path: string, failureThreshold: number) => ({
  httpGet: { path, port: containerPort },
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold,
});

/**
 * A value that Google computes. The value is null in the state of a service whose creation failed,
 * because the provider never read the service. The next `up` starts from that state.
 */
type Computed<Value> = Value | null | undefined;

/**
 * Returns the last segment of a full resource name, or an empty string if there is no name. Cloud
 * Run's API v2 returns a revision as `projects/P/locations/L/services/S/revisions/NAME` but expects
 * only NAME in `traffic[].revision`:
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
 */
function nameOf(resource: Computed<string>): string {
  return resource?.slice(resource.lastIndexOf('/') + 1) ?? '';
}

/**
 * Returns the traffic allocation. By default, all traffic goes to the newest revision. If the
 * settings have a stable revision, all traffic goes to it, and the newest revision is a candidate.
 */
function traffics({ stableRevision }: Settings): gcp.types.input.cloudrunv2.ServiceTraffic[] {
  return stableRevision === undefined
    ? [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }]
    : [
        { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: stableRevision, percent: 100 },
        { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 0, tag: candidateTag },
      ];
}

export interface CloudRunServiceArgs {
  readonly settings: Settings;
  readonly host: Host;
  /** The image that the service runs, with its digest. */
  readonly image: pulumi.Input<string>;
  readonly environment: Environment;
  readonly account: gcp.serviceaccount.Account;
  readonly counters: RateLimitCounters | undefined;
}

/** The API service on Cloud Run. */
export class CloudRunService extends pulumi.ComponentResource {
  readonly service: gcp.cloudrunv2.Service;
  /** All URLs of the service. The update fails if the computed host is not one of them. */
  readonly urls: pulumi.Output<string[]>;
  /** Name of the newest ready revision, in the format of `stableRevision`. */
  readonly latestRevision: pulumi.Output<string>;

  constructor(
    args: CloudRunServiceArgs,
    opts: pulumi.ComponentResourceOptions & { readonly dependsOn: pulumi.Input<pulumi.Resource>[] },
  ) {
    // The type differs from the name of the class, because a new type would replace the resources.
    super('andamio:service:ApiService', 'api', {}, { ...opts, dependsOn: [] });
    const { settings, host, counters } = args;
    this.service = new gcp.cloudrunv2.Service(
      'service',
      {
        project: settings.project,
        name: settings.service,
        location: settings.region,
        description: 'Issues API keys',
        ingress: 'INGRESS_TRAFFIC_ALL',
        // The service authenticates every caller itself. Disabling the invoker check also works
        // under domain-restricted sharing, whereas a binding for allUsers does not:
        // https://cloud.google.com/run/docs/securing/managing-access#invoker_check
        invokerIamDisabled: true,
        deletionProtection: settings.protect,
        // The project's Binary Authorization policy determines which images may run.
        ...(settings.runsOnlyAttested && { binaryAuthorization: { useDefault: true } }),
        scaling: {
          minInstanceCount: settings.minInstances,
          maxInstanceCount: settings.maxInstances,
        },
        traffics: traffics(settings),
        template: {
          serviceAccount: args.account.email,
          timeout: `${settings.requestTimeoutSeconds}s`,
          maxInstanceRequestConcurrency: settings.concurrency,
          // Scaling is declared on both the service and the template. With only one of them, the
          // provider reports a difference at every run.
          scaling: {
            minInstanceCount: settings.minInstances,
            maxInstanceCount: settings.maxInstances,
          },
          executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
          ...(counters && { vpcAccess: counters.vpcAccess }),
          containers: [
            {
              image: args.image,
              ports: { containerPort },
              resources: {
                limits: { cpu: settings.cpu, memory: `${settings.memoryMiB}Mi` },
                cpuIdle: settings.cpuIdle,
                startupCpuBoost: true,
              },
              envs: toContainerEnvs(args.environment),
              // The startup probe keeps traffic away from a revision that cannot reach its
              // database. The other probes ignore the database: a short outage affects all
              // instances, and restarting them would not help.
              startupProbe: { ...probe(healthPaths.ready, 24) },
              livenessProbe: { ...probe(healthPaths.live, 3) },
              readinessProbe: { ...probe(healthPaths.live, 3) },
            },
          ],
        },
      },
      {
        parent: this,
        // Clients use the published host, which exists only together with the service.
        protect: settings.protect,
        dependsOn: opts.dependsOn,
        customTimeouts: { create: '15m', update: '15m' },
        hooks: { onError: [retryOnceSecretsAreReadable(), adviseOnMissingImage(settings)] },
      },
    );
    this.urls = this.service.urls.apply((computed: Computed<string[]>) => {
      const urls = computed ?? [];
      if (urls.length > 0 && !urls.includes(host.url)) {
        throw new pulumi.RunError(
          `The service has the URLs ${urls.join(' and ')}, but not the computed URL ${host.url}.`,
        );
      }
      return urls;
    });
    this.latestRevision = newestReadyRevision(this.service).apply(nameOf);
    this.registerOutputs();
  }
}
