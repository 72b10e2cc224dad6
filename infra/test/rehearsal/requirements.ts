import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { missingForEmulator } from '@andamio/testing/emulator';

/** A requirement of the rehearsal, with instructions to meet it. */
interface Requirement {
  readonly name: string;
  readonly purpose: string;
  readonly remedy: string;
  isMet(): boolean | Promise<boolean>;
}

/**
 * Required disk space in bytes, for images, the clone of the repository, and the Firestore
 * emulator.
 */
const diskSpace = 3 * 2 ** 30;

const succeeds = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

const isOnPath = (name: string) => succeeds('sh', '-c', `command -v ${name}`);

function program(name: string, purpose: string, remedy = `apt-get install ${name}`): Requirement {
  return { name, purpose, remedy, isMet: () => isOnPath(name) };
}

/** Resolves to true if this process can listen on a loopback port. */
function canListen(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(0, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}

const emulatorLacks = missingForEmulator();

const requirements: readonly Requirement[] = [
  {
    name: 'root',
    purpose: 'runs everything in mount and PID namespaces of its own',
    remedy: 'Linux with util-linux; run it as root',
    isMet: () =>
      process.getuid?.() === 0 &&
      succeeds('unshare', '--mount', '--pid', '--fork', '--mount-proc', 'true'),
  },
  {
    name: 'loopback ports',
    purpose: 'a registry, Firestore and the service listen on 127.0.0.1, each on any free port',
    remedy: 'bring the loopback interface up: ip link set lo up',
    isMet: canListen,
  },
  {
    name: 'disk space',
    purpose: `3 GiB in ${tmpdir()} for images`,
    remedy: 'set TMPDIR to a folder with more space',
    isMet() {
      const { bavail, bsize } = statfsSync(tmpdir());
      return bavail * bsize >= diskSpace;
    },
  },
  program('git', 'copies the repository'),
  program('pulumi', 'the engine', 'https://www.pulumi.com/docs/install/'),
  program('gcloud', 'creates secrets', 'https://cloud.google.com/sdk/docs/install'),
  program('buildah', 'builds images without a daemon'),
  program('docker-registry', 'stands in for Artifact Registry'),
  program('openssl', 'makes the certificate of the *.run.app front end'),
  program('curl', 'asks the registry for manifests'),
  {
    name: 'Firestore emulator',
    purpose: 'stands in for Firestore',
    remedy: `needs ${emulatorLacks}`,
    isMet: () => emulatorLacks === undefined,
  },
];

/**
 * Checks the requirements of the rehearsal.
 *
 * @returns one line for each requirement that is not met
 */
export async function unmetRequirements(): Promise<string[]> {
  const checked = await Promise.all(
    requirements.map(async (each) => ({ ...each, met: await each.isMet() })),
  );
  const width = Math.max(...requirements.map(({ name }) => name.length));
  return checked
    .filter(({ met }) => !met)
    .map(({ name, purpose, remedy }) => `  ${name.padEnd(width)}  ${purpose} (${remedy})`);
}
