import { type ChildProcess, spawn } from 'node:child_process';

export interface ContainerOptions {
  /** Folder with the files of the image. */
  readonly files: string;
  readonly user: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Limit of V8's address space in MiB. */
  readonly memoryMiB: number;
}

/**
 * Runs the process of an image on the image's files, mounted read-only, as the image's user and
 * with only the given environment. Namespaces and chroot come from util-linux. The network is the
 * machine's.
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
