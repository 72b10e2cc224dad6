import { readSettings, refuse } from '../settings/read-settings.ts';
import { adopt } from './adoption.ts';
import { repeatWhatGoogleTakesLater } from './error-hooks.ts';
import { lastApplied, leftoverProblems, refuseToMove } from './last-update.ts';
import { outputs } from './outputs.ts';
import { findKeys } from './project/attestation.ts';
import { findFederation } from './project/federation.ts';
import { Foundation } from './project/project-resources.ts';
import { findProjectNumber, hostOf, hostProblems } from './public-host.ts';
import { serviceImage } from './service/image.ts';
import { pinnedSecrets, versionProblems } from './service/secrets.ts';
import { Workload } from './service/service-resources.ts';

/**
 * Declares all resources of a stack. Invalid settings stop the program before it declares the first
 * resource.
 */
export default async function platform() {
  const settings = readSettings();
  const projectNumber = await findProjectNumber(settings);
  const host = hostOf(settings, projectNumber);
  const secrets = pinnedSecrets(settings);
  const before = await lastApplied();
  // This check comes first. A renamed stack also lacks its secrets, and an error about missing
  // secrets would be misleading.
  refuseToMove(before.place, settings);
  refuse([
    ...hostProblems(settings, host),
    ...leftoverProblems(before, settings),
    ...(await versionProblems(settings, secrets)),
  ]);
  repeatWhatGoogleTakesLater();
  // Only a stack without an earlier update can find a pool and providers outside its state.
  const mayBeLeft =
    before.place === undefined && settings.ownsProject && settings.github !== undefined;
  adopt(mayBeLeft ? await findFederation(settings.project) : new Map());

  // Only a stack that is new or was destroyed can find signing keys outside its state.
  const attests = settings.ownsProject && settings.requireAttestation;
  const keysBefore = attests && before.place === undefined ? await findKeys(settings) : {};
  const foundation = settings.ownsProject
    ? new Foundation(settings, projectNumber, attests ? keysBefore : undefined)
    : undefined;
  const workload = settings.ownsService
    ? new Workload({
        settings,
        host,
        secrets,
        foundation,
        image: (opts) => serviceImage(settings, opts),
      })
    : undefined;
  return outputs(settings, host, foundation, workload, before);
}
