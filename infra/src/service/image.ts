import * as dockerBuild from '@pulumi/docker-build';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import { errorHook } from '../error-hooks.ts';
import { imageName, registryOf, tagOfPush } from '../image-names.ts';
import { buildContext } from './build-context.ts';

/**
 * Returns the reference of the image to run, with its digest. If the settings have no image, the
 * update builds and pushes one. An existing image is never looked up by its tag, because any
 * account that can push can choose the tag.
 */
export function serviceImage(
  settings: Settings,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  if (settings.image !== undefined) return pulumi.output(settings.image);
  const name = `${registryOf(settings)}/${imageName}`;
  const { hash, location, dockerfile } = buildContext();
  const image = new dockerBuild.Image(
    // Another source is another resource, which has a new tag. An update would push to the tag of
    // the resource, and the registry rejects the push, because tags are immutable.
    `image-${hash}`,
    {
      push: true,
      // A tag protects the image from the registry's cleanup policy. The tag contains the service's
      // name: two services in one project cannot share a tag.
      tags: [`${name}:${settings.service}-${tagOfPush()}`],
      platforms: ['linux/amd64'],
      context: { location },
      dockerfile: { location: dockerfile },
      // Previews do not build the image; `up` does.
      buildOnPreview: false,
    },
    {
      ...opts,
      // The tag of an image that is already built remains.
      ignoreChanges: ['tags'],
      // The image stays in the registry after the next release, so that a rollback can use it.
      retainOnDelete: true,
    },
  );
  return pulumi.interpolate`${name}@${image.digest}`;
}

/**
 * Creates a hook that logs the command for another image if Cloud Run does not find the one in the
 * settings. Google deletes images with their registry, so this happens after a tear-down.
 */
export function adviseOnMissingImage({ ownsProject, requireAttestation }: Settings) {
  return errorHook('advise to set another image', async ({ errors }) => {
    if (!/Image '\S+' not found/.test(errors[0] ?? '')) return false;
    const stack = pulumi.getStack();
    const buildsImage = ownsProject && !requireAttestation;
    await pulumi.log.warn(
      buildsImage
        ? `The image in andamio:image does not exist. Without this setting, \`up\` builds the image. To remove it, run:\n  npx -y pnpm@12 pulumi config rm andamio:image --stack ${stack}`
        : `The image in andamio:image does not exist. To build one and set it, run:\n  npx -y pnpm@12 image:push ${stack}`,
    );
    return false;
  });
}
