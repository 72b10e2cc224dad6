import { type ChildProcess, spawn } from 'node:child_process';

export interface ContainerOptions {
  /** The image's files. */
  readonly files: string;
  readonly user: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Mebibytes of address space that V8 may fill. */
  readonly memoryMiB: number;
}

/**
 * Runs an image's process on its files alone, mounted read-only, as its user, with the environment given and no other.
 * Namespaces and chroot come from util-linux; the network is this machine's.
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
