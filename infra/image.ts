import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as dockerBuild from '@pulumi/docker-build';
import * as pulumi from '@pulumi/pulumi';
import { imageName, registryOf } from './delivery/names.ts';
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

/**
 * Returns a hash of the files that the image is made of: the same source has the same one on any
 * machine.
 */
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
 * Returns the image to run, by digest: the one that the settings name, else one that is built and
 * pushed on the way. An image that the registry already has is never taken for what its tag is
 * called: whoever can push chooses the tag.
 */
export function serviceImage(settings: Settings, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  if (settings.image !== undefined) return pulumi.output(settings.image);
  const name = `${registryOf(settings)}/${imageName}`;
  const image = new dockerBuild.Image(
    'image',
    {
      push: true,
      // The tag keeps the image from the registry's cleanup. Services of one project do not share
      // it: it cannot be moved.
      tags: [`${name}:${settings.service}-${contextHash()}`],
      platforms: ['linux/amd64'],
      context: { location: repositoryRoot },
      dockerfile: { location: join(repositoryRoot, 'apps/api/Dockerfile') },
      // An image is built by `up`; a preview says that it would be.
      buildOnPreview: false,
    },
    // A release stays in the registry when the next one comes: a rollback needs it.
    { ...opts, retainOnDelete: true, protect: false },
  );
  return pulumi.interpolate`${name}@${image.digest}`;
}
