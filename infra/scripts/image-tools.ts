import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, programFolder, run } from './cli.ts';

const repository = join(programFolder, '..');
const dockerfile = join(repository, 'apps/api/Dockerfile');

/** Further options of every build, e.g. --build-arg for a mirror of the base images. */
const ownOptions = () => (process.env['IMAGE_BUILD_OPTIONS'] ?? '').split(/\s+/).filter(Boolean);

const works = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Returns what builds images here: Docker where its daemon answers, else buildah. */
export function builder(): 'docker' | 'buildah' {
  if (works('docker', 'info') && works('docker', 'buildx', 'version')) return 'docker';
  if (works('buildah', '--version')) return 'buildah';
  throw new Failure('Docker with BuildKit, or buildah, is needed to build the image.');
}

/** Calls a function with a folder that is gone when it returns. */
function withFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Calls a function with a file that holds the credentials of a registry, and deletes it. Arguments
 * would show the token to everybody.
 */
export function withRegistryToken<Result>(registry: string, token: string, work: (authfile: string) => Result): Result {
  return withFolder((folder) => {
    const authfile = join(folder, 'auth.json');
    const auth = Buffer.from(`oauth2accesstoken:${token}`).toString('base64');
    writeFileSync(authfile, JSON.stringify({ auths: { [registry.split('/')[0] as string]: { auth } } }), {
      mode: 0o600,
    });
    return work(authfile);
  });
}

/**
 * Builds with Docker, with SBOM and provenance. Files are as old as the epoch, so that the same
 * source gives the same layers: https://github.com/moby/buildkit/blob/master/docs/build-repro.md
 *
 * @param exporter where to, as `--output` takes it
 */
export function dockerBuild(exporter: string, options: readonly string[] = []): void {
  const what = ['--platform=linux/amd64', '--file', dockerfile, '--sbom=true', '--provenance=mode=max'];
  const output = ['--output', `${exporter},rewrite-timestamp=true`];
  run('docker', ['buildx', 'build', ...what, ...ownOptions(), ...output, ...options, repository], {
    env: { SOURCE_DATE_EPOCH: '0' },
  });
}

function dockerPush(image: string, registry: string, token: string): string {
  const host = registry.split('/')[0] as string;
  run('docker', ['login', '--username', 'oauth2accesstoken', '--password-stdin', `https://${host}`], {
    input: token,
    quiet: true,
  });
  try {
    return withFolder((folder) => {
      const metadata = join(folder, 'metadata.json');
      dockerBuild('type=registry', ['--tag', image, '--metadata-file', metadata]);
      return (JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>)['containerimage.digest'] as string;
    });
  } finally {
    run('docker', ['logout', `https://${host}`], { quiet: true });
  }
}

function buildahPush(image: string, registry: string, token: string): string {
  const built = 'localhost/andamio-api';
  const ignored = `${dockerfile}.dockerignore`;
  const what = ['--platform=linux/amd64', '--file', dockerfile, '--ignorefile', ignored, ...ownOptions()];
  // Files as old as the epoch: the same source gives the same layers.
  run('buildah', ['bud', '--timestamp', '0', ...what, '--tag', built, repository]);
  return withRegistryToken(registry, token, (authfile) =>
    withFolder((folder) => {
      const digest = join(folder, 'digest');
      run('buildah', ['push', '--authfile', authfile, '--digestfile', digest, built, `docker://${image}`]);
      return readFileSync(digest, 'utf8').trim();
    }),
  );
}

/** Builds the service's image and pushes it. @returns the digest that the registry gave it */
export function buildAndPush(image: string, registry: string, token: string): string {
  return builder() === 'docker' ? dockerPush(image, registry, token) : buildahPush(image, registry, token);
}
