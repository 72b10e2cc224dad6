import * as pulumi from '@pulumi/pulumi';
import { attestorOf, registryOf } from './delivery/names.ts';
import type { Foundation } from './foundation.ts';
import type { Host } from './host.ts';
import { type LastApplied, placeOf } from './last-applied.ts';
import { pinnedSecrets } from './secrets.ts';
import type { Settings } from './settings/index.ts';
import type { Workload } from './workload.ts';

/**
 * Returns the command that follows `up`. It is short because Pulumi truncates long outputs when it
 * prints them.
 */
function nextStep({ ownsService }: Settings): string {
  return `npx -y pnpm@12 ${ownsService ? `request-key ${pulumi.getStack()}` : 'pulumi up --stack preprod'}`;
}

/** Returns the outputs of the stack, for its owner and for the next update. */
export function outputs(
  settings: Settings,
  host: Host,
  foundation: Foundation | undefined,
  workload: Workload | undefined,
  before: LastApplied,
): Record<string, pulumi.Input<unknown>> {
  return {
    place: placeOf(settings),
    registry: registryOf(settings),
    ...(foundation?.federation && {
      mainProvider: foundation.federation.mainProvider,
      pullRequestProvider: foundation.federation.pullRequestProvider,
    }),
    ...(foundation?.readers && {
      previewAccount: foundation.readers.previewAccount,
      driftAccount: foundation.readers.driftAccount,
    }),
    ...(foundation?.attestation && {
      buildAccount: foundation.attestation.buildAccount,
      signingKey: foundation.attestation.signingKey,
    }),
    ...(workload && {
      host: host.url,
      ...(workload.deployment && { deployAccount: workload.deployment.account.email }),
      urls: workload.api.urls,
      database: settings.database,
      image: workload.image,
      // The attestor that images need; empty if the stack does not require one.
      attestor: settings.requireAttestation ? attestorOf(settings) : '',
      revision: workload.api.latestRevision,
      // While a candidate waits, the stable revision has the traffic, with the previous image.
      stableRevision: settings.stableRevision ?? '',
      stableImage:
        settings.stableRevision === undefined ? workload.image : (settings.stableImage ?? before.stableImage ?? ''),
      // `secrets:generate` promotes a pepper only when all instances have it.
      secretVersions: Object.fromEntries(
        pinnedSecrets(settings).map(({ versionKey, version }) => [versionKey, version]),
      ),
    }),
    next: nextStep(settings),
  };
}
