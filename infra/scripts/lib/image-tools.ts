import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
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
 * Reports whether Docker's current builder can create the SBOM and the provenance. The driver
 * `docker` can do so only with the containerd image store, which the label shows:
 * https://github.com/docker/buildx/blob/master/driver/docker/driver.go
 */
function dockerAttests(): boolean {
  const { stdout } = spawnSync('docker', ['buildx', 'inspect'], { encoding: 'utf8' });
  const driver = /^Driver:\s*(\S+)/m.exec(stdout ?? '')?.[1];
  if (driver !== 'docker') return driver !== undefined;
  return stdout.includes('org.mobyproject.buildkit.worker.snapshotter');
}

/**
 * Returns the build tool to use: Docker if its daemon responds and its builder can create the SBOM
 * and the provenance, otherwise buildah.
 *
 * @param tools the tools that the caller can use
 * @throws {Failure} if none of them is suitable, with the command that makes Docker suitable
 */
export function builder(
  tools: readonly ('docker' | 'buildah')[] = ['docker', 'buildah'],
): 'docker' | 'buildah' {
  const daemonResponds = works('docker', 'info');
  if (daemonResponds && dockerAttests()) return 'docker';
  if (tools.includes('buildah') && works('buildah', '--version')) return 'buildah';
  throw new Failure(
    daemonResponds
      ? "Docker's current builder cannot create an SBOM and a provenance. To use one that can, run: docker buildx create --use --driver docker-container"
      : `${tools.includes('buildah') ? 'Docker with BuildKit, or buildah,' : 'Docker with BuildKit'} is required to build the image.`,
  );
}

/** Returns the credentials for a registry in the format of Docker's configuration file. */
function credentials(registry: string, token: string) {
  const auth = Buffer.from(`oauth2accesstoken:${token}`).toString('base64');
  return { auths: { [registry.split('/')[0] as string]: { auth } } };
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
    writeFileSync(authfile, JSON.stringify(credentials(registry, token)), { mode: 0o600 });
    return work(authfile);
  });
}

/**
 * Builds the image with Docker, including an SBOM and provenance. Timestamps are set to the epoch,
 * so that the same source produces the same layers:
 * https://github.com/moby/buildkit/blob/master/docs/build-repro.md
 *
 * @param exporter the destination, in the format of `--output`
 * @param env additional environment variables
 */
export function dockerBuild(
  exporter: string,
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): void {
  const what = [
    '--platform=linux/amd64',
    '--file',
    dockerfile,
    '--sbom=true',
    '--provenance=mode=max',
  ];
  const output = ['--output', `${exporter},rewrite-timestamp=true`];
  run('docker', ['buildx', 'build', ...what, ...ownOptions(), ...output, ...options, repository], {
    env: { ...env, SOURCE_DATE_EPOCH: '0' },
  });
}

/**
 * Calls a function with the environment in which Docker authenticates to a registry with a token.
 * `docker login` does not suffice: if `gcloud auth configure-docker` made gcloud the credential
 * helper of the registry, Docker passes the token to gcloud, which discards it and later returns
 * the token of the signed-in account.
 *
 * The environment names a copy of Docker's configuration, in which the registry has no helper
 * (`getConfiguredCredentialStore` in
 * https://github.com/docker/cli/blob/master/cli/config/configfile/file.go). Everything else, such as
 * builders and plugins, is linked.
 */
function withDockerToken<Result>(
  registry: string,
  token: string,
  work: (env: Readonly<Record<string, string>>) => Result,
): Result {
  const own = process.env['DOCKER_CONFIG'] || join(homedir(), '.docker');
  return withFolder((folder) => {
    const names = existsSync(own) ? readdirSync(own) : [];
    for (const name of names)
      if (name !== 'config.json') symlinkSync(join(own, name), join(folder, name));
    const config = names.includes('config.json')
      ? JSON.parse(readFileSync(join(own, 'config.json'), 'utf8'))
      : {};
    const { auths } = credentials(registry, token);
    const [host] = Object.keys(auths) as [string];
    const changed = {
      ...config,
      auths: { ...config.auths, ...auths },
      credHelpers: { ...config.credHelpers, [host]: '' },
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(changed), { mode: 0o600 });
    return work({ DOCKER_CONFIG: folder });
  });
}

function dockerPush(image: string, registry: string, token: string): string {
  return withDockerToken(registry, token, (env) =>
    withFolder((folder) => {
      const metadata = join(folder, 'metadata.json');
      dockerBuild('type=registry', ['--tag', image, '--metadata-file', metadata], env);
      return (JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>)[
        'containerimage.digest'
      ] as string;
    }),
  );
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
 * @param tool the build tool, as {@link builder} returns it
 * @returns the digest in the registry
 */
export function buildAndPush(
  tool: 'docker' | 'buildah',
  image: string,
  registry: string,
  token: string,
): string {
  return tool === 'docker'
    ? dockerPush(image, registry, token)
    : buildahPush(image, registry, token);
}
