import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, programFolder, run, withFolder } from './cli.ts';

const repository = join(programFolder, '..');
const dockerfile = join(repository, 'apps/api/Dockerfile');

/**
 * Returns the build options in IMAGE_BUILD_OPTIONS, such as `--build-arg` with a mirror of the base
 * images.
 */
const ownOptions = () => (process.env['IMAGE_BUILD_OPTIONS'] ?? '').split(/\s+/).filter(Boolean);

const works = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * Returns the installed build tool. Docker takes precedence over buildah if its daemon responds.
 */
export function builder(): 'docker' | 'buildah' {
  if (works('docker', 'info') && works('docker', 'buildx', 'version')) return 'docker';
  if (works('buildah', '--version')) return 'buildah';
  throw new Failure('Docker with BuildKit, or buildah, is required to build the image.');
}

/**
 * Calls a function with a temporary file that contains a registry's credentials. Unlike
 * command-line arguments, the file is not visible to other users.
 */
export function withRegistryToken<Result>(
  registry: string,
  token: string,
  work: (authfile: string) => Result,
): Result {
  return withFolder((folder) => {
    const authfile = join(folder, 'auth.json');
    const auth = Buffer.from(`oauth2accesstoken:${token}`).toString('base64');
    writeFileSync(
      authfile,
      JSON.stringify({ auths: { [registry.split('/')[0] as string]: { auth } } }),
      {
        mode: 0o600,
      },
    );
    return work(authfile);
  });
}

/**
 * Builds the image with Docker, including an SBOM and provenance. Timestamps are set to the epoch,
 * so that the same source produces the same layers:
 * https://github.com/moby/buildkit/blob/master/docs/build-repro.md
 *
 * @param exporter the destination, in the format of `--output`
 */
export function dockerBuild(exporter: string, options: readonly string[] = []): void {
  const what = [
    '--platform=linux/amd64',
    '--file',
    dockerfile,
    '--sbom=true',
    '--provenance=mode=max',
  ];
  const output = ['--output', `${exporter},rewrite-timestamp=true`];
  run('docker', ['buildx', 'build', ...what, ...ownOptions(), ...output, ...options, repository], {
    env: { SOURCE_DATE_EPOCH: '0' },
  });
}

function dockerPush(image: string, registry: string, token: string): string {
  const host = registry.split('/')[0] as string;
  run(
    'docker',
    ['login', '--username', 'oauth2accesstoken', '--password-stdin', `https://${host}`],
    {
      input: token,
      quiet: true,
    },
  );
  try {
    return withFolder((folder) => {
      const metadata = join(folder, 'metadata.json');
      dockerBuild('type=registry', ['--tag', image, '--metadata-file', metadata]);
      return (JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>)[
        'containerimage.digest'
      ] as string;
    });
  } finally {
    run('docker', ['logout', `https://${host}`], { quiet: true });
  }
}

function buildahPush(image: string, registry: string, token: string): string {
  const built = 'localhost/andamio-api';
  const ignored = `${dockerfile}.dockerignore`;
  const what = [
    '--platform=linux/amd64',
    '--file',
    dockerfile,
    '--ignorefile',
    ignored,
    ...ownOptions(),
  ];
  // Timestamps are set to the epoch, so that the same source produces the same layers.
  run('buildah', ['bud', '--timestamp', '0', ...what, '--tag', built, repository]);
  return withRegistryToken(registry, token, (authfile) =>
    withFolder((folder) => {
      const digest = join(folder, 'digest');
      run('buildah', [
        'push',
        '--authfile',
        authfile,
        '--digestfile',
        digest,
        built,
        `docker://${image}`,
      ]);
      return readFileSync(digest, 'utf8').trim();
    }),
  );
}

/**
 * Builds the service's image and pushes it.
 *
 * @returns the digest in the registry
 */
export function buildAndPush(image: string, registry: string, token: string): string {
  return builder() === 'docker'
    ? dockerPush(image, registry, token)
    : buildahPush(image, registry, token);
}
