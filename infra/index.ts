import { adopt } from './adopt.ts';
import { findKeys } from './delivery/attestation.ts';
import { findFederation } from './delivery/federation.ts';
import { repeatWhatGoogleTakesLater } from './error-hooks.ts';
import { Foundation } from './foundation.ts';
import { findProjectNumber, hostOf, hostProblems } from './host.ts';
import { serviceImage } from './image.ts';
import { lastApplied, leftoverProblems, refuseToMove } from './last-applied.ts';
import { outputs } from './outputs.ts';
import { pinnedSecrets, versionProblems } from './secrets.ts';
import { readSettings, refuse } from './settings/stack.ts';
import { Workload } from './workload.ts';

/**
 * Declares all resources of a stack. Settings are validated before the first resource is declared.
 */
export default async function platform() {
  const settings = readSettings();
  const projectNumber = await findProjectNumber(settings);
  const host = hostOf(settings, projectNumber);
  const secrets = pinnedSecrets(settings);
  const before = await lastApplied();
  // Checked first: a stack with a new name also lacks its secrets, and that error would be
  // misleading.
  refuseToMove(before.place, settings);
  refuse([
    ...hostProblems(settings, host),
    ...leftoverProblems(before, settings),
    ...(await versionProblems(settings, secrets)),
  ]);
  repeatWhatGoogleTakesLater();
  // A stack that was applied already holds them in its state.
  const mayBeLeft = before.place === undefined && settings.ownsProject && settings.github !== undefined;
  adopt(mayBeLeft ? await findFederation(settings.project) : new Map());

  // Keys outside the stack can exist only in a project where this stack is not applied, either
  // never or no longer.
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
