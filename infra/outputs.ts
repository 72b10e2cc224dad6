import * as pulumi from '@pulumi/pulumi';
import type { Foundation } from './foundation.ts';
import type { Host } from './host.ts';
import { placeOf } from './last-applied.ts';
import { registryAddress } from './registry.ts';
import type { Settings } from './settings/index.ts';
import type { Workload } from './workload.ts';

/** The names of the peppers that the service has, in their order; the names are no secret. */
function pepperVersions(line: string | undefined): string[] {
  return (line ?? '').split(',').flatMap((pair) => pair.split(':')[0] || []);
}

function nextStep(settings: Settings, host: Host): string {
  if (!settings.ownsService) return 'Bring up a service in this project: pulumi up --stack preprod';
  return `Ask for a key: curl -X POST ${host.url}/api/v1/apikey/request -H 'Authorization: Bearer <JWT>' -H 'Content-Type: application/json' -d '{"api_key_name": "MyFirstKey"}'`;
}

/** What the stack tells its owner and the next run. */
export function outputs(
  settings: Settings,
  host: Host,
  foundation: Foundation | undefined,
  workload: Workload | undefined,
): Record<string, pulumi.Input<unknown>> {
  const service = workload?.api.service;
  return {
    place: placeOf(settings),
    registry: registryAddress(settings),
    ...(foundation?.federation && {
      workloadIdentityProvider: foundation.federation.providerName,
      previewAccount: foundation.federation.previewAccount,
    }),
    ...(workload &&
      service && {
        host: host.url,
        urls: workload.api.urls,
        database: settings.database,
        image: pulumi.output(workload.image).reference,
        builtTag: pulumi.output(workload.image).apply(({ builtTag }) => builtTag ?? ''),
        revision: service.latestReadyRevision,
        // Where a candidate waits beside it, the revision that has the traffic.
        stableRevision: settings.stableRevision ?? '',
        ...(settings.keyPeppersVersion === undefined && { pepperVersions: pepperVersions(settings.keyPeppers) }),
      }),
    next: nextStep(settings, host),
  };
}
