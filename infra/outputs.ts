import * as pulumi from '@pulumi/pulumi';
import type { Foundation } from './foundation.ts';
import type { Host } from './host.ts';
import { type LastApplied, placeOf } from './last-applied.ts';
import { registryAddress } from './registry.ts';
import { pinnedSecrets } from './secrets.ts';
import type { Settings } from './settings/index.ts';
import type { Workload } from './workload.ts';

/** The command that comes after `up`. Pulumi shortens long outputs where it prints them, so this one is short. */
function nextStep({ ownsService }: Settings): string {
  return `npx -y pnpm@12 ${ownsService ? `request-key ${pulumi.getStack()}` : 'pulumi up --stack preprod'}`;
}

/** What the stack tells its owner and the next run. */
export function outputs(
  settings: Settings,
  host: Host,
  foundation: Foundation | undefined,
  workload: Workload | undefined,
  before: LastApplied,
): Record<string, pulumi.Input<unknown>> {
  const image = workload && pulumi.output(workload.image);
  return {
    place: placeOf(settings),
    registry: registryAddress(settings),
    ...(foundation?.federation && {
      workloadIdentityProvider: foundation.federation.providerName,
      previewAccount: foundation.federation.previewAccount,
    }),
    ...(workload &&
      image && {
        host: host.url,
        urls: workload.api.urls,
        database: settings.database,
        image: image.reference,
        builtTag: image.apply(({ builtTag }) => builtTag ?? ''),
        revision: workload.api.latestRevision,
        // While a candidate waits, another revision has the traffic, with the image from before.
        stableRevision: settings.stableRevision ?? '',
        stableImage: settings.stableRevision === undefined ? image.reference : (before.stableImage ?? ''),
        // `secrets:generate` promotes a pepper only when all instances have it.
        secretVersions: Object.fromEntries(
          pinnedSecrets(settings).map(({ versionKey, version }) => [versionKey, version]),
        ),
      }),
    next: nextStep(settings),
  };
}
