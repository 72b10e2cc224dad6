import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../settings/stack-settings.ts';
import { attestorOf, registryOf } from './image-names.ts';
import { awaitsAttestedImage, type LastUpdate, placeOf } from './last-update.ts';
import type { ProjectResources } from './project/project-resources.ts';
import type { Host } from './public-host.ts';
import { pinnedSecrets } from './service/secrets.ts';
import type { ServiceResources } from './service/service-resources.ts';

/**
 * Returns the next command for the operator, which `up` prints. The command is short because Pulumi
 * truncates long outputs.
 */
function nextStep(settings: Settings): string {
  const stack = pulumi.getStack();
  if (!settings.ownsService) return 'npx -y pnpm@12 pulumi up --stack preprod';
  if (awaitsAttestedImage(settings)) return `npx -y pnpm@12 image:push ${stack}`;
  return `npx -y pnpm@12 request-key ${stack}`;
}

/** Returns the stack's outputs, which operators, scripts and the next update read. */
export function outputs(
  settings: Settings,
  host: Host,
  project: ProjectResources | undefined,
  service: ServiceResources | undefined,
  lastUpdate: LastUpdate,
): Record<string, pulumi.Input<unknown>> {
  return {
    place: placeOf(settings),
    registry: registryOf(settings),
    ...(project?.federation && {
      mainProvider: project.federation.mainProvider,
      pullRequestProvider: project.federation.pullRequestProvider,
    }),
    ...(project?.readOnlyIdentities && {
      previewAccount: project.readOnlyIdentities.previewAccount,
      driftAccount: project.readOnlyIdentities.driftAccount,
    }),
    ...(project?.attestation && {
      buildAccount: project.attestation.buildAccount,
      signingKey: project.attestation.signingKey,
    }),
    ...(service && {
      host: host.url,
      ...(service.releaseIdentity && {
        deployAccount: service.releaseIdentity.account.email,
      }),
      urls: service.cloudRun.urls,
      database: settings.usedDatabase,
      image: service.image,
      // The attestor that must have signed images; empty if the service runs any image.
      attestor: settings.runsOnlyAttested ? attestorOf(settings) : '',
      revision: service.cloudRun.latestRevision,
      // While a candidate exists, the stable revision receives the traffic and runs the previous
      // image.
      stableRevision: settings.stableRevision ?? '',
      stableImage:
        settings.stableRevision === undefined
          ? service.image
          : (settings.stableImage ?? lastUpdate.stableImage ?? ''),
      // `secrets:generate` reads these versions. It makes a new pepper the current one only after
      // all instances have received it.
      secretVersions: Object.fromEntries(
        pinnedSecrets(settings).map(({ versionKey, version }) => [versionKey, version]),
      ),
    }),
    next: nextStep(settings),
  };
}
