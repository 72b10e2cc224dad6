import { type ChildProcess, spawn } from 'node:child_process';

export interface ContainerOptions {
  /** Folder that contains the image's files. */
  readonly files: string;
  readonly user: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Memory limit of the container in MiB. V8's old generation is limited to three quarters of it.
   */
  readonly memoryMiB: number;
}

/**
 * Runs a container without a container runtime. The process sees only the image's files, mounted
 * read-only, and runs as the image's user. It has the given environment, this process's PATH, and
 * NODE_OPTIONS with a heap limit. It uses the machine's network. `unshare` and `chroot` provide the
 * isolation.
 */
export function startContainer(options: ContainerOptions): ChildProcess {
  const { files, user, command, environment, memoryMiB } = options;
  const enter = [
    'root=$0 user=$1',
    'shift',
    'mount --bind "$root" "$root"',
    'mount -o remount,ro,bind "$root"',
    'exec chroot --userspec="$user" "$root" "$@"',
  ].join(' && ');
  const heap = `--max-old-space-size=${Math.floor(memoryMiB * 0.75)}`;
  return spawn('unshare', ['--mount', 'bash', '-c', enter, files, user, ...command], {
    env: { PATH: process.env['PATH'], ...environment, NODE_OPTIONS: heap },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
