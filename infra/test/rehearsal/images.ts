import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const repository = join(import.meta.dirname, '../../..');
const dockerfile = join(repository, 'apps/api/Dockerfile');
const run = promisify(execFile);

/**
 * Libraries that `ldd` does not list: libraries that glibc loads at run time, and libraries that
 * are only needed by programs built for an older glibc.
 */
const glibcParts = [
  'librt.so.1',
  'libdl.so.2',
  'libpthread.so.0',
  'libresolv.so.2',
  'libnss_dns.so.2',
  'libgcc_s.so.1',
];

/** Returns the paths of a program's shared libraries. */
function librariesOf(program: string): string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path as string);
}

/** The files of an image, copied from this machine. */
class Files {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    this.write('etc/passwd', 'root:x:0:0::/root:/none\nnonroot:x:65532:65532::/:/none\n');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  copy(from: string, to: string): void {
    mkdirSync(dirname(join(this.folder, to)), { recursive: true });
    copyFileSync(from, join(this.folder, to));
  }

  /** Copies a program and its shared libraries. */
  copyProgram(from: string, to: string): void {
    this.copy(from, to);
    for (const library of librariesOf(from)) this.copy(library, library);
  }
}

/**
 * Returns build options that mount this machine's package caches, so that a build downloads no
 * packages.
 */
function packageCaches(): string[] {
  const ask = (command: string) =>
    execFileSync('sh', ['-c', command], { cwd: repository, encoding: 'utf8' }).trim();
  // pnpm appends the folder of the store's version itself.
  const store = dirname(ask('npx --yes pnpm@12 store path'));
  const folders = { npm: ask('npm config get cache'), pnpm: store };
  return Object.entries(folders).flatMap(([name, path]) => ['--volume', `${path}:/cache/${name}`]);
}

export interface BuildOptions {
  /**
   * A bundle such as apps/api/dist, from which the image is built. By default, the Dockerfile
   * builds the bundle from source.
   */
  readonly bundle?: string;
}

/**
 * Builds images with buildah, which needs no daemon. The published base images are replaced by
 * local ones, made of this machine's Node.js and libraries, so that a build needs no registry.
 * Images are stored in a temporary folder.
 */
export class Images {
  readonly folder = mkdtempSync(join(tmpdir(), 'andamio-images-'));
  /**
   * Environment variables that make buildah use the temporary storage, and that hide the Docker
   * daemon from the scripts.
   */
  readonly environment: Readonly<Record<string, string>>;
  readonly #bases = new Map<string, Promise<string>>();

  constructor() {
    const settings = join(this.folder, 'storage.conf');
    const [root, run] = ['root', 'run'].map((name) => join(this.folder, name));
    writeFileSync(
      settings,
      `[storage]\ndriver = "vfs"\ngraphroot = "${root}"\nrunroot = "${run}"\n`,
    );
    this.environment = {
      CONTAINERS_STORAGE_CONF: settings,
      BUILDAH_ISOLATION: 'chroot',
      DOCKER_HOST: `unix://${join(this.folder, 'no-daemon.sock')}`,
    };
  }

  async buildah(...args: string[]): Promise<string> {
    const env = { ...process.env, ...this.environment };
    const { stdout } = await run('buildah', args, { maxBuffer: 1 << 26, env });
    return stdout.trim();
  }

  /**
   * Builds the runtime base image, once. It contains only Node.js, at the same path as in
   * distroless images, but no shell or package manager.
   */
  #runtimeBase(): Promise<string> {
    return this.#base('runtime', (files) => {
      files.copyProgram(process.execPath, 'nodejs/bin/node');
      return '';
    });
  }

  /**
   * Builds the base image of the Dockerfile's build stage, once. It contains Node.js, npm and a
   * shell.
   */
  #buildBase(): Promise<string> {
    return this.#base('build', (files) => {
      files.copyProgram(process.execPath, 'usr/local/bin/node');
      for (const program of ['/bin/sh', '/usr/bin/env'])
        files.copyProgram(realpathSync(program), program);
      const glibc = librariesOf(process.execPath).find(
        (path) => basename(path) === 'libc.so.6',
      ) as string;
      for (const part of glibcParts)
        files.copy(join(dirname(glibc), part), join(dirname(glibc), part));
      const npx = execFileSync('sh', ['-c', 'command -v npx'], { encoding: 'utf8' }).trim();
      const npm = dirname(dirname(realpathSync(npx)));
      cpSync(npm, join(files.folder, 'usr/local/lib/node_modules/npm'), { recursive: true });
      for (const name of ['npm', 'npx'])
        symlinkSync(
          `../lib/node_modules/npm/bin/${name}-cli.js`,
          join(files.folder, 'usr/local/bin', name),
        );
      mkdirSync(join(files.folder, 'tmp'));
      const environment = [
        'PATH=/usr/local/bin:/usr/bin:/bin',
        'npm_config_cache=/cache/npm',
        'pnpm_config_store_dir=/cache/pnpm',
      ];
      // If a proxy intercepts TLS on this machine, the package registry's certificate is signed by
      // the proxy's CA.
      const authority = process.env['NODE_EXTRA_CA_CERTS'];
      if (authority !== undefined) {
        files.copy(authority, 'etc/authority.pem');
        environment.push('NODE_EXTRA_CA_CERTS=/etc/authority.pem');
      }
      return `ENV ${environment.join(' ')}\n`;
    });
  }

  #base(name: string, fill: (files: Files) => string): Promise<string> {
    const build = async () => {
      const context = join(this.folder, name);
      const instructions = fill(new Files(join(context, 'files')));
      writeFileSync(join(context, 'Dockerfile'), `FROM scratch\nCOPY files/ /\n${instructions}`);
      const tag = `localhost/base-${name}`;
      await this.buildah('bud', '--quiet', '--timestamp', '0', '--tag', tag, context);
      return tag;
    };
    const built = this.#bases.get(name) ?? build();
    this.#bases.set(name, built);
    return built;
  }

  /**
   * Returns the build options that select the local base images, and the bundle if one is given.
   */
  async buildOptions({ bundle }: BuildOptions): Promise<string[]> {
    const runtime = ['--build-arg', `RUNTIME_IMAGE=${await this.#runtimeBase()}`];
    return bundle === undefined
      ? [...runtime, '--build-arg', `BUILD_IMAGE=${await this.#buildBase()}`]
      : [...runtime, '--build-context', `bundle=${this.#withoutCompileCache(bundle)}`];
  }

  /**
   * Returns the build options for `image:push`, which then builds the same image as {@link
   * buildService}.
   */
  async options(bundle: string): Promise<string> {
    const context = `bundle=${this.#withoutCompileCache(bundle)}`;
    return `--build-arg RUNTIME_IMAGE=${await this.#runtimeBase()} --build-context ${context}`;
  }

  /** Builds the service's image from its Dockerfile. All timestamps are set to the epoch. */
  async buildService(tag: string, options: BuildOptions): Promise<void> {
    const file = ['--ignorefile', `${dockerfile}.dockerignore`, '--file', dockerfile];
    const inputs = await this.buildOptions(options);
    const caches = options.bundle === undefined ? packageCaches() : [];
    await this.buildah(
      'bud',
      '--quiet',
      '--timestamp',
      '0',
      ...file,
      ...inputs,
      ...caches,
      '--tag',
      tag,
      repository,
    );
  }

  /**
   * Returns a copy of a bundle without Node.js's compile cache, which the Dockerfile creates
   * itself.
   */
  #withoutCompileCache(bundle: string): string {
    const copy = mkdtempSync(join(this.folder, 'bundle-'));
    cpSync(bundle, copy, { recursive: true, filter: (path) => basename(path) !== 'compile-cache' });
    return copy;
  }

  /**
   * Pushes an image to a registry on loopback.
   *
   * @returns the image's digest
   */
  async push(image: string, destination: string): Promise<string> {
    const file = join(mkdtempSync(join(this.folder, 'push-')), 'digest');
    await this.buildah(
      'push',
      '--quiet',
      '--tls-verify=false',
      '--digestfile',
      file,
      image,
      `docker://${destination}`,
    );
    return readFileSync(file, 'utf8').trim();
  }

  /** Returns an image's configuration: its user, environment, entry point and working directory. */
  async configuration(
    image: string,
  ): Promise<{ User: string; Env: string[]; Entrypoint: string[]; WorkingDir: string }> {
    return JSON.parse(await this.buildah('inspect', '--type', 'image', image)).OCIv1.config;
  }

  /** Returns the digests of an image's uncompressed layers, lowest layer first. */
  async layers(image: string): Promise<string[]> {
    return JSON.parse(await this.buildah('inspect', '--type', 'image', image)).OCIv1.rootfs
      .diff_ids;
  }

  /** Unpacks an image and returns the folder that contains its files. */
  async unpack(image: string): Promise<string> {
    const container = await this.buildah('from', '--pull-never', image);
    return await this.buildah('mount', container);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
