import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as dockerBuild from '@pulumi/docker-build';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../../settings/stack-settings.ts';
import { imageName, registryOf } from '../image-names.ts';

const repositoryRoot = join(import.meta.dirname, '../../..');

/**
 * Glob patterns of the files that the image contains. They match apps/api/Dockerfile.dockerignore.
 */
const buildContext = [
  'apps/api/Dockerfile',
  'apps/api/{build.ts,compile-cache.mjs,package.json}',
  'apps/api/src/**/*.ts',
  'packages/schema/package.json',
  'packages/schema/openapi.json',
  'packages/schema/src/**/*.ts',
  'packages/verification/package.json',
  'packages/verification/src/**/*.ts',
  'packages/reference/{build.ts,english-only.ts,package.json}',
  'packages/reference/{browser,src}/**/*.{ts,css}',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'tsconfig.base.json',
];

/** Returns a hash of the image's source files. The hash is the same on every machine. */
function contextHash(root: string = repositoryRoot): string {
  const hash = createHash('sha256');
  const files = globSync(buildContext, { cwd: root }).filter((path) => !path.endsWith('.test.ts'));
  for (const path of files.sort()) {
    hash
      .update(`${relative('.', path)}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 20);
}

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
      tags: [`${name}:${settings.service}-${contextHash()}`],
      platforms: ['linux/amd64'],
      context: { location: repositoryRoot },
      dockerfile: { location: join(repositoryRoot, 'apps/api/Dockerfile') },
      // Previews do not build the image; `up` does.
      buildOnPreview: false,
    },
    // The image stays in the registry after the next release, so that a rollback can use it.
    { ...opts, retainOnDelete: true, protect: false },
  );
  return pulumi.interpolate`${name}@${image.digest}`;
}
