// node scripts/sign-image.ts REGISTRY ARCHIVE DIGEST: pushes the image in an OCI archive, attests
// it as the signed-in account, and prints the image reference with its digest. The script imports
// no packages, so that gcloud and skopeo are the only third-party programs with access to the
// signing identity.
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { imageName, placeOfRegistry } from '../src/image-names.ts';
import { attestArguments } from './lib/attest.ts';
import { Failure, named, run, say, script } from './lib/cli.ts';
import { withRegistryToken } from './lib/image-tools.ts';

await script((args) => {
  const usage = 'node scripts/sign-image.ts REGISTRY ARCHIVE DIGEST';
  const { registry, archive, digest } = named(args, usage, ['registry', 'archive', 'digest']);
  const place = placeOfRegistry(registry);
  if (place === undefined) throw new Failure(`${registry} is not an address of Artifact Registry.`);
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Failure('DIGEST must be sha256: and 64 hexadecimal digits.');
  const source = `oci-archive:${resolve(archive)}`;
  const found = run('skopeo', ['inspect', '--format', '{{.Digest}}', source], {
    quiet: true,
  }).trim();
  if (found !== digest)
    throw new Failure(`The archive contains ${found}, but the build reported ${digest}.`);

  const image = `${registry}/${imageName}`;
  const token = run('gcloud', ['auth', 'print-access-token'], { quiet: true }).trim();
  // The registry's cleanup deletes untagged images. The tag is derived from the digest and has no
  // other purpose.
  const destination = `docker://${image}:${digest.slice('sha256:'.length, 'sha256:'.length + 20)}`;
  withRegistryToken(registry, token, (authfile) =>
    run('skopeo', [
      'copy',
      '--all',
      '--preserve-digests',
      '--authfile',
      authfile,
      source,
      destination,
    ]),
  );
  const reference = `${image}@${digest}`;
  run('gcloud', attestArguments(reference, place));
  say(reference);
  const output = process.env['GITHUB_OUTPUT'];
  if (output) appendFileSync(output, `image=${reference}\n`);
});
