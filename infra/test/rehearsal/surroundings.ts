import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmulator } from '@andamio/testing/emulator';
import { freePort } from '@andamio/testing/free-port';
import { type Google, startGoogle } from '../google/client.ts';
import { gcloudEnvironment } from '../google/gcloud.ts';
import { trustingFront, useHostsOf } from './front.ts';
import { Images } from './images.ts';
import { startRegistry } from './registry.ts';
import { pushRelease, type Release } from './releases.ts';
import type { Workplace } from './workplace.ts';

const bundle = join(import.meta.dirname, '../../../apps/api/dist');

/** The local services that the commands of a rehearsal use. They stop when the rehearsal ends. */
export interface Surroundings {
  readonly google: Google;
  /**
   * Builds an image and pushes it to a project's registry without attesting it. Any account with
   * write access can do this.
   *
   * @returns the image reference with its digest
   */
  push(kind: Release, registryAddress: string): Promise<string>;
  /**
   * Builds, pushes and attests an image, as the deploy workflow does.
   *
   * @returns the image reference with its digest
   */
  release(kind: Release, registryAddress: string): Promise<string>;
}

/**
 * Starts an image registry, the Firestore emulator and the fake Google on loopback. Sets the
 * environment of the workplace so that its commands use them.
 */
export async function startSurroundings(work: Workplace): Promise<Surroundings> {
  useHostsOf(work.folder);
  // gcloud derives this host for Cloud Run from the region.
  appendFileSync(join(work.folder, 'hosts'), '127.0.0.1 us-central1-localhost\n');
  const [{ address: registry }, emulator] = await Promise.all([
    startRegistry(work.folder, await freePort()),
    startEmulator(),
  ]);
  const google = await startGoogle({
    programFolder: join(work.clone, 'infra'),
    args: ['--machinery', join(import.meta.dirname, 'machinery.ts')],
    env: {
      FIRESTORE_EMULATOR_HOST: emulator.host,
      REHEARSAL_REGISTRY: registry,
      REHEARSAL_BUNDLE: bundle,
      REHEARSAL_FOLDER: work.folder,
    },
  });
  const images = new Images();
  Object.assign(
    work.environment,
    await gcloudEnvironment(google, join(work.folder, 'gcloud')),
    trustingFront(work.folder),
    images.environment,
    {
      PULUMI_DEBUG_PROVIDERS: `gcp:${google.port},docker-build:${google.port}`,
      IMAGE_BUILD_OPTIONS: await images.options(bundle),
    },
  );
  const push: Surroundings['push'] = async (kind, registryAddress) => {
    const destination = registryAddress.replace(/^[^/]+/, registry);
    return `${registryAddress}/api@${await pushRelease(images, kind, bundle, `${destination}/api:${kind}`)}`;
  };
  return {
    google,
    push,
    async release(kind, registryAddress) {
      const image = await push(kind, registryAddress);
      await google.attest(registryAddress.split('/')[1] as string, image);
      return image;
    },
  };
}
