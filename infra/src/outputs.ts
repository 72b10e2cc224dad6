import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../settings/stack-settings.ts';
import { attestorOf, registryOf } from './image-names.ts';
import { type LastApplied, placeOf } from './last-update.ts';
import type { Foundation } from './project/project-resources.ts';
import type { Host } from './public-host.ts';
import { pinnedSecrets } from './service/secrets.ts';
import type { Workload } from './service/service-resources.ts';

/**
 * Returns the command that the user runs after `up`. The command is short because Pulumi truncates
 * long outputs.
 */
function nextStep({ ownsService }: Settings): string {
  return `npx -y pnpm@12 ${ownsService ? `request-key ${pulumi.getStack()}` : 'pulumi up --stack preprod'}`;
}

/** Returns the stack's outputs, which operators, scripts and the next update read. */
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
      // The attestor that must have signed images; empty if the stack does not require attestation.
      attestor: settings.requireAttestation ? attestorOf(settings) : '',
      revision: workload.api.latestRevision,
      // While a candidate exists, the stable revision receives the traffic and runs the previous
      // image.
      stableRevision: settings.stableRevision ?? '',
      stableImage:
        settings.stableRevision === undefined
          ? workload.image
          : (settings.stableImage ?? before.stableImage ?? ''),
      // `secrets:generate` promotes a pepper only after all instances have received it.
      secretVersions: Object.fromEntries(
        pinnedSecrets(settings).map(({ versionKey, version }) => [versionKey, version]),
      ),
    }),
    next: nextStep(settings),
  };
}
