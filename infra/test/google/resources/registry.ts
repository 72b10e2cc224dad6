import { createHash, randomBytes } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cloud } from '../cloud.ts';
import { GoogleError } from '../error.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { form, member, text } from './common.ts';

const address = (inputs: Properties) =>
  `${text(inputs, 'location')}-docker.pkg.dev/${text(inputs, 'project')}/${text(inputs, 'repositoryId')}`;

export const registry: Record<string, ResourceType> = {
  'gcp:artifactregistry/repository:Repository': {
    api: 'artifactregistry.googleapis.com',
    message: ['artifactregistry-v1', 'Repository'],
    replacedBy: ['project', 'location', 'repositoryId', 'format', 'mode'],
    id: (inputs) =>
      `projects/${text(inputs, 'project')}/locations/${text(inputs, 'location')}/repositories/${text(inputs, 'repositoryId')}`,
    check: (inputs) =>
      form(
        inputs,
        'repositoryId',
        /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
        'must be 1 to 63 of a-z, 0-9 and -',
      ),
    outputs: (inputs) => ({ name: inputs['repositoryId'], registryUri: address(inputs) }),
    async afterDelete(stored, cloud) {
      for (const name of cloud.images.keys())
        if (name.startsWith(`${address(stored.inputs)}/`)) cloud.images.delete(name);
      for (const { id } of cloud.of('docker-build:index:Image'))
        if (id.startsWith(`${address(stored.inputs)}/`)) cloud.resources.delete(id);
      await cloud.machinery?.deleteImages(address(stored.inputs));
    },
  },
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': {
    ...member(['project', 'location', 'repository'], 'artifactregistry.googleapis.com'),
    admit(inputs, cloud, before) {
      const found = cloud
        .of('gcp:artifactregistry/repository:Repository')
        .some(
          (each) =>
            each.inputs['repositoryId'] === inputs['repository'] &&
            each.inputs['location'] === inputs['location'],
        );
      if (!found)
        throw new GoogleError(404, `Requested entity was not found: ${inputs['repository']}`);
      member([]).admit?.(inputs, cloud, before);
    },
  },
  'docker-build:index:Image': {
    replacedBy: [],
    check: (inputs) =>
      statSync(locationOf(inputs), { throwIfNoEntry: false })?.isDirectory()
        ? []
        : [`context.location ${locationOf(inputs)} is not a valid directory or URL`],
    differs: (olds, news) => olds['contextHash'] !== contextHash(news),
    // An update builds and pushes the image again.
    async prepare(inputs, cloud) {
      const tags = inputs['tags'] as string[];
      const digest =
        (await cloud.machinery?.build(tags)) ?? `sha256:${randomBytes(32).toString('hex')}`;
      for (const tag of tags) cloud.built.set(tag, digest);
    },
    id: (inputs, cloud) => `${(inputs['tags'] as string[])[0]}@${digestOf(inputs, cloud)}`,
    admit(inputs, cloud, before) {
      for (const tag of inputs['tags'] as string[]) {
        const held = cloud.images.get(tag);
        if (held !== undefined && held !== digestOf(inputs, cloud))
          throw new GoogleError(400, `tag ${tag} is immutable`);
        const repository = tag.split('/').slice(0, 3).join('/');
        const known = cloud
          .of('gcp:artifactregistry/repository:Repository')
          .some((each) => each.outputs['registryUri'] === repository);
        if (!known && before === undefined)
          throw new GoogleError(404, `Repository ${repository} not found`);
      }
    },
    outputs(inputs, cloud) {
      const digest = digestOf(inputs, cloud);
      const [tag] = inputs['tags'] as string[];
      return { digest, ref: `${tag}@${digest}`, contextHash: contextHash(inputs) };
    },
    afterWrite({ inputs }, cloud) {
      const digest = digestOf(inputs, cloud);
      for (const tag of inputs['tags'] as string[]) {
        cloud.images.set(tag, digest);
        cloud.images.set(`${tag.replace(/:[^:/]+$/, '')}@${digest}`, digest);
      }
    },
  },
};

/** Returns the digest of the newest build of an image. */
function digestOf(inputs: Properties, cloud: Cloud): string {
  return String(cloud.built.get((inputs['tags'] as string[])[0] as string));
}

/** Returns the build context's path, which is relative to the provider's working directory. */
function locationOf(inputs: Properties): string {
  return String((inputs['context'] as Properties)['location']);
}

/** Returns a hash of the paths, contents and modes of the files in the build context. */
function contextHash(inputs: Properties): string {
  const location = locationOf(inputs);
  const hash = createHash('sha256');
  for (const path of globSync('**', { cwd: location }).sort()) {
    const file = join(location, path);
    const stat = statSync(file);
    if (stat.isFile()) hash.update(readFileSync(file)).update(path).update(String(stat.mode));
  }
  return hash.digest('hex');
}
