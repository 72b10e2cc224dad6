import { readSettings, refuse } from '../settings/read-settings.ts';
import { adopt } from './adoption.ts';
import { retryTemporaryErrors } from './error-hooks.ts';
import {
  attestationProblems,
  imageProblems,
  leftoverProblems,
  readLastUpdate,
  refuseToMove,
  warnOfAnyImage,
} from './last-update.ts';
import { outputs } from './outputs.ts';
import { findProjectNumber } from './project/project-number.ts';
import { findRetainedResources, ProjectResources } from './project/project-resources.ts';
import { hostOf, hostProblems } from './public-host.ts';
import { pinnedSecrets, versionProblems } from './service/secrets.ts';
import { ServiceResources } from './service/service-resources.ts';

/**
 * Declares all resources of a stack. Invalid settings stop the program before it declares the first
 * resource.
 */
export default async function platform() {
  const settings = readSettings();
  const projectNumber = await findProjectNumber(settings);
  const host = hostOf(settings, projectNumber);
  const secrets = pinnedSecrets(settings);
  const lastUpdate = await readLastUpdate();
  // This check comes first. If the setting `service` has changed, the secrets under the new name
  // are missing too, and an error about them would be misleading.
  refuseToMove(lastUpdate.place, settings);
  refuse([
    ...hostProblems(settings, host),
    ...leftoverProblems(lastUpdate, settings),
    ...imageProblems(lastUpdate, settings),
    ...attestationProblems(lastUpdate, settings),
    ...(await versionProblems(settings, secrets)),
  ]);

  await warnOfAnyImage(settings);

  retryTemporaryErrors();
  adopt(settings.ownsProject ? await findRetainedResources(settings, lastUpdate) : new Map());

  const project = settings.ownsProject ? new ProjectResources(settings, projectNumber) : undefined;
  const service = settings.ownsService
    ? new ServiceResources({ settings, host, secrets, dependsOn: project?.ready ?? [] })
    : undefined;
  return outputs(settings, host, project, service, lastUpdate);
}
