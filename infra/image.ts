import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as dockerBuild from '@pulumi/docker-build';
import * as gcp from '@pulumi/gcp';
import * as pulumi from '@pulumi/pulumi';
import { registryAddress, repositoryId } from './registry.ts';
import type { Settings } from './settings/index.ts';

const repositoryRoot = join(import.meta.dirname, '..');

/** The files that the image is made of: what apps/api/Dockerfile.dockerignore lets through. */
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

/** The tag of the image: a hash of the files it is made of, so that the same source is the same tag on any machine. */
export function contextTag(root: string = repositoryRoot): string {
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

/** An image by digest, and the tag when this stack built it and holds it. */
export interface ServiceImage {
  readonly reference: pulumi.Output<string>;
  readonly builtTag: string | undefined;
}

/**
 * The image to run: the one that the settings name; else the one that the registry has for this source; else it is built and
 * pushed on the way.
 */
export async function serviceImage(
  settings: Settings,
  builtBefore: string | undefined,
  opts: pulumi.CustomResourceOptions,
): Promise<ServiceImage> {
  if (settings.image !== undefined) return { reference: pulumi.output(settings.image), builtTag: undefined };
  const tag = contextTag();
  if (builtBefore !== tag) {
    // A repository that is not there yet has no image; whatever else is wrong shows when the image is pushed.
    const found = await gcp.artifactregistry
      .getDockerImage({
        project: settings.project,
        location: settings.region,
        repositoryId,
        imageName: `api:${tag}`,
      })
      .catch(() => undefined);
    if (found) return { reference: pulumi.output(found.selfLink), builtTag: undefined };
  }
  const image = new dockerBuild.Image(
    'image',
    {
      push: true,
      tags: [`${registryAddress(settings)}/api:${tag}`],
      platforms: ['linux/amd64'],
      context: { location: repositoryRoot },
      dockerfile: { location: join(repositoryRoot, 'apps/api/Dockerfile') },
      // An image is built by `up`; a preview says that it would be.
      buildOnPreview: false,
    },
    // A release stays in the registry when the next one comes: it is the way back.
    { ...opts, retainOnDelete: true, protect: false },
  );
  return {
    reference: pulumi.interpolate`${registryAddress(settings)}/api@${image.digest}`,
    builtTag: tag,
  };
}
