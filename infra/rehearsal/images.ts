import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const repository = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The files that a program needs to run: itself and its shared libraries. */
function closureOf(program: string): string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path as string);
}

/**
 * Images without a daemon: buildah, its storage in a folder of its own. The published base images cannot be had on a machine
 * without their registries; a local one stands in for them, made of this very Node and its libraries.
 */
export class Images {
  readonly folder = mkdtempSync(join(tmpdir(), 'andamio-images-'));

  async buildah(...args: string[]): Promise<string> {
    const storage = [
      '--root',
      join(this.folder, 'root'),
      '--runroot',
      join(this.folder, 'run'),
      '--storage-driver',
      'vfs',
    ];
    const { stdout } = await run('buildah', [...storage, ...args], { maxBuffer: 1 << 26 });
    return stdout.trim();
  }

  /** Node at the place where distroless has it, and nothing else: no shell, no package manager. */
  async buildBase(): Promise<string> {
    const context = join(this.folder, 'base');
    mkdirSync(join(context, 'files/nodejs/bin'), { recursive: true });
    copyFileSync(process.execPath, join(context, 'files/nodejs/bin/node'));
    for (const library of closureOf(process.execPath)) {
      mkdirSync(join(context, 'files', dirname(library)), { recursive: true });
      copyFileSync(library, join(context, 'files', library));
    }
    mkdirSync(join(context, 'files/etc'), { recursive: true });
    writeFileSync(join(context, 'files/etc/passwd'), 'root:x:0:0::/:/none\nnonroot:x:65532:65532::/:/none\n');
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY files/ /\n');
    await this.buildah('bud', '--quiet', '--isolation', 'chroot', '--tag', 'localhost/base', context);
    return 'localhost/base';
  }

  /**
   * Builds the service's image by its own Dockerfile, the bundle taken from where the build left it.
   *
   * @param bundle a folder like apps/api/dist
   */
  async buildService(base: string, tag: string, bundle: string): Promise<void> {
    const file = 'apps/api/Dockerfile';
    const ignored = join(repository, `${file}.dockerignore`);
    const inputs = ['--build-arg', `RUNTIME_IMAGE=${base}`, '--build-context', `bundle=${bundle}`];
    const options = ['--quiet', '--isolation', 'chroot', '--ignorefile', ignored, '--file', join(repository, file)];
    await this.buildah('bud', ...options, ...inputs, '--tag', tag, repository);
  }

  /** Pushes to a registry on loopback. @returns the digest */
  async push(image: string, destination: string): Promise<string> {
    const file = join(this.folder, 'digest');
    await this.buildah('push', '--quiet', '--tls-verify=false', '--digestfile', file, image, `docker://${destination}`);
    return readFileSync(file, 'utf8').trim();
  }

  /** What the image says of itself: user, environment, entry point. */
  async configuration(
    image: string,
  ): Promise<{ User: string; Env: string[]; Entrypoint: string[]; WorkingDir: string }> {
    return JSON.parse(await this.buildah('inspect', '--type', 'image', image)).OCIv1.config;
  }

  /** The image's files, unpacked. */
  async unpack(image: string): Promise<string> {
    const container = await this.buildah('from', '--pull-never', image);
    return await this.buildah('mount', container);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
