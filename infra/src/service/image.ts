import { join } from 'node:path';
import * as dockerBuild from '@pulumi/docker-build';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import { imageName, registryOf } from '../image-names.ts';
import { buildContextHash, dockerfile, repositoryRoot } from './build-context.ts';

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
  const image = new dockerBuild.Image(
    'image',
    {
      push: true,
      // A tag protects the image from the registry's cleanup policy. The tag contains the service's
      // name: tags are immutable, so two services in one project cannot share a tag.
      tags: [`${name}:${settings.service}-${buildContextHash()}`],
      platforms: ['linux/amd64'],
      context: { location: repositoryRoot },
      dockerfile: { location: join(repositoryRoot, dockerfile) },
      // Previews do not build the image; `up` does.
      buildOnPreview: false,
    },
    // The image stays in the registry after the next release, so that a rollback can use it.
    { ...opts, retainOnDelete: true, protect: false },
  );
  return pulumi.interpolate`${name}@${image.digest}`;
}
