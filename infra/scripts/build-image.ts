// node scripts/build-image.ts ARCHIVE: builds the service's image, with SBOM and provenance, into
// an OCI archive, and prints the image's digest. The build runs third-party code, so the job that
// runs this script must not have a cloud identity.
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure, named, run, say, script } from './lib/cli.ts';
import { builder, dockerBuild } from './lib/image-tools.ts';

await script((args) => {
  const { archive } = named(args, 'node scripts/build-image.ts ARCHIVE', ['archive']);
  // buildah creates neither an SBOM nor a provenance.
  builder(['docker']);
  const file = resolve(archive);
  dockerBuild(`type=oci,dest=${file}`);
  const index = JSON.parse(
    run('tar', ['--extract', '--to-stdout', '--file', file, 'index.json'], { quiet: true }),
  ) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  const digest = index.manifests[0]?.digest;
  if (index.manifests.length !== 1 || digest === undefined)
    throw new Failure('The archive must contain exactly one image.');
  say(digest);
  // Passes the digest to later jobs on GitHub.
  const output = process.env['GITHUB_OUTPUT'];
  if (output) appendFileSync(output, `digest=${digest}\n`);
});
