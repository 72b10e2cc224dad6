// node scripts/push-image.ts REGISTRY: builds the service's image with its SBOM and provenance, pushes it under a tag that is a hash of
// what it is made of, and prints it by digest. A tag that is there already is looked up, not pushed again.
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextTag } from '../image.ts';
import { Failure, named, programFolder, run, say, script } from './cli.ts';

const repository = join(programFolder, '..');

/** The digest under a tag; undefined where there is none. */
function digestOf(image: string): string | undefined {
  try {
    const format = '{{json .Manifest}}';
    const manifest = run('docker', ['buildx', 'imagetools', 'inspect', image, '--format', format], { quiet: true });
    return (JSON.parse(manifest) as { digest: string }).digest;
  } catch (error) {
    if (error instanceof Failure && /not found|404|manifest unknown/i.test(error.message)) return undefined;
    throw error;
  }
}

/** Docker logs in to a registry of Google's with a token of whoever is signed in. */
function logInToGoogle(registry: string): void {
  const host = registry.split('/')[0] as string;
  if (!host.endsWith('-docker.pkg.dev')) return;
  const token = run('gcloud', ['auth', 'print-access-token'], { quiet: true }).trim();
  run('docker', ['login', '--username', 'oauth2accesstoken', '--password-stdin', `https://${host}`], {
    input: token,
    quiet: true,
  });
}

function build(image: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    const metadata = join(folder, 'metadata.json');
    const attest = ['--sbom=true', '--provenance=mode=max', '--metadata-file', metadata];
    const what = [
      '--platform=linux/amd64',
      '--file',
      join(repository, 'apps/api/Dockerfile'),
      '--tag',
      image,
      '--push',
    ];
    run('docker', ['buildx', 'build', ...what, ...attest, repository]);
    return (JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>)['containerimage.digest'] as string;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await script((args) => {
  const { registry } = named(args, 'node scripts/push-image.ts REGISTRY', ['registry']);
  logInToGoogle(registry);
  const image = `${registry}/api:${contextTag()}`;
  const digest = digestOf(image) ?? build(image);
  const reference = `${registry}/api@${digest}`;
  say(reference);
  // For the steps that come after it, on GitHub.
  const output = process.env['GITHUB_OUTPUT'];
  if (output) appendFileSync(output, `image=${reference}\n`);
});
