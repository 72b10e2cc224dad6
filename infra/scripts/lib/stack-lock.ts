import { globSync, readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure, programFolder, projectName, pulumi, run, say } from './cli.ts';
import { accessToken, callGoogle, endpoint, GoogleFailure } from './google-api.ts';

/**
 * The lock of an update. The process that updates a stack creates it, and deletes it when it ends.
 * Source: `lockContent` in
 * https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go
 */
interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  /** When the update started, in RFC 3339. */
  readonly timestamp: string;
}

/**
 * Minutes that a recovery waits for an update. They exceed the time that the update of a Cloud Run
 * service may take, which is 15 minutes.
 */
const patience = 20;

/** Reads the locks in a folder. Omits a lock that is deleted meanwhile. */
function locksInFolder(folder: string): Lock[] {
  return globSync('*.json', { cwd: folder }).flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(join(folder, file), 'utf8'))];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/**
 * Reads the locks in a bucket. Omits a lock that is deleted meanwhile.
 *
 * Source: https://cloud.google.com/storage/docs/json_api/v1/objects
 */
async function locksInBucket(bucket: string, folder: string, until: AbortSignal): Promise<Lock[]> {
  const token = accessToken();
  const storage = endpoint(
    'GOOGLE_STORAGE_CUSTOM_ENDPOINT',
    'https://storage.googleapis.com/storage/',
  );
  const objects = `${storage}v1/b/${bucket}/o`;
  const query = new URLSearchParams({ prefix: `${folder}/` });
  const { items = [] } = (await callGoogle(`${objects}?${query}`, token, { until })) as {
    readonly items?: readonly { readonly name: string }[];
  };
  const locks = items.map(async ({ name }) => {
    try {
      const object = `${objects}/${encodeURIComponent(name)}?alt=media`;
      const lock = await callGoogle(object, token, { until });
      return [lock as Lock];
    } catch (error) {
      if (error instanceof GoogleFailure && error.status === 404) return [];
      throw error;
    }
  });
  return (await Promise.all(locks)).flat();
}

/**
 * Returns the locks of a stack. The array is empty if the state is in neither a folder nor a bucket
 * of Google Cloud Storage.
 */
async function locksOf(stack: string, until: AbortSignal): Promise<Lock[]> {
  const { url = '' } = JSON.parse(run('pulumi', ['whoami', '--json'], { quiet: true })) as {
    readonly url?: string;
  };
  const [, scheme, place = ''] = /^(file|gs):\/\/([^?]*)/.exec(url) ?? [];
  const folder = `.pulumi/locks/organization/${projectName}/${stack}`;
  if (scheme === 'file')
    return locksInFolder(resolve(programFolder, place.replace(/^~/, homedir()), folder));
  if (scheme !== 'gs') return [];
  const [bucket = '', ...path] = place.split('/').filter(Boolean);
  return locksInBucket(bucket, [...path, folder].join('/'), until);
}

/** Reports whether a process of this machine is running. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process of another user exists, but must not be signaled.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const describe = ({ pid, username, hostname: host, timestamp }: Lock) =>
  `process ${pid} of ${username}@${host}, which locked the stack at ${timestamp}`;

/** Returns an error that says how to remove a lock by hand. */
function locked(lock: Lock, stack: string, reason: string): Failure {
  return new Failure(
    [
      `Nothing was changed: ${reason} ${describe(lock)}.`,
      'If that process still runs, wait until it ends. A second update would overwrite its state.',
      'Once it has ended, remove its lock, and recover again:',
      `  npx -y pnpm@12 pulumi cancel --yes --stack ${stack}`,
      `  node infra/scripts/release.ts ${stack} --recover`,
    ].join('\n'),
  );
}

/**
 * Verifies that no update of a stack is running, and that none was killed.
 *
 * @param until a signal that cancels the check
 * @throws {Failure} with the owner of the lock, and the command that recovers the stack
 * @throws the signal's reason if it aborts
 */
export async function assertUnlocked(stack: string, until: AbortSignal): Promise<void> {
  const [lock] = await locksOf(stack, until);
  if (lock === undefined) return;
  throw new Failure(
    [
      `Nothing was changed: the stack is locked by ${describe(lock)}.`,
      'If that process still runs, wait until it ends. If it was killed, recover the stack first:',
      `  node infra/scripts/release.ts ${stack} --recover`,
    ].join('\n'),
  );
}

/**
 * Waits until no update of a stack is running on this machine, and then removes the lock of an
 * update that was killed. An update that is asked to stop first waits for its request to Google. It
 * writes the state only then, so its lock must stay until it ends.
 *
 * @param until a signal that ends the wait
 * @param minutes how long to wait for an update
 * @throws {Failure} if an update takes longer, or if the lock belongs to another machine, whose
 * processes cannot be checked
 * @throws the signal's reason if it aborts
 */
export async function waitForUpdates(
  stack: string,
  until: AbortSignal,
  minutes: number = patience,
): Promise<void> {
  const end = Date.now() + minutes * 60_000;
  for (;;) {
    const locks = await locksOf(stack, until);
    if (locks.length === 0) return;
    const elsewhere = locks.find((lock) => lock.hostname !== hostname());
    if (elsewhere) throw locked(elsewhere, stack, 'this machine cannot check');
    const running = locks.find(({ pid }) => isRunning(pid));
    if (running === undefined) {
      for (const lock of locks) say(`Removing the lock of ${describe(lock)}. It has ended.`);
      pulumi(stack, ['cancel', '--yes'], { quiet: true });
      return;
    }
    say(`Waiting for ${describe(running)}.`);
    while (isRunning(running.pid)) {
      until.throwIfAborted();
      if (Date.now() > end) throw locked(running, stack, `after ${minutes} minutes there still is`);
      await wait(500);
    }
  }
}
