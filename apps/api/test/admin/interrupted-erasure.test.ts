import { startFirestoreProxy } from '@andamio/testing/firestore-proxy';
import { command } from '@andamio/testing/store/commands';
import { order } from '@andamio/testing/store/operator';
import { connected } from '@andamio/testing/store/store-under-test';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, inject, test } from 'vitest';
import { runCommand, spawnAdmin } from '../harness/admin.ts';
import {
  firestoreClient,
  firestoreSettings,
  freshProject,
  openFirestoreStore,
  readFirestore,
} from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost') as string;

/**
 * Number of the first Firestore call after the commit that makes the keys invalid. The five calls
 * up to and including this commit are a check, two reads for the preview, a read, and the commit.
 */
const firstCallWithoutAccess = 6;

test.skipIf(emulatorHost === undefined)(
  'erase that is killed at any call leaves no access, and completes when it is run again',
  async () => {
    const proxy = await startFirestoreProxy(emulatorHost);
    const project = freshProject();
    const store = openFirestoreStore(emulatorHost, project);
    await connected(store);

    async function issue(userId: string) {
      const createdAt = Math.floor(Date.now() / 1000);
      const { record, ...rules } = command({ userId, name: 'a telling name', createdAt });
      expect(await store.issue({ record, ...rules })).toBe('issued');
      return record.id;
    }
    const erase = (userId: string) => ['erase', '--user', userId, '--yes', '--by', 'olga'];
    const interruptible = firestoreSettings(proxy.host, project);
    const direct = firestoreSettings(emulatorHost, project);

    await issue('uninterrupted');
    expect(await spawnAdmin(erase('uninterrupted'), interruptible).result).toMatchObject({
      code: 0,
    });
    const calls = proxy.calls();
    expect(calls).toBeGreaterThan(firstCallWithoutAccess + 5);

    for (let last = firstCallWithoutAccess; last < calls; last++) {
      const userId = `interrupted at call ${last}`;
      const id = await issue(userId);
      const before = proxy.calls();
      proxy.loseAnswerTo(last);
      const interrupted = spawnAdmin(erase(userId), interruptible);
      await waitFor(userId, () => proxy.calls() >= before + last);
      interrupted.kill();
      expect((await interrupted.result).code).toBeNull();
      proxy.cut();

      expect(await store.find([id]), userId).toBeUndefined();
      expect(await store.issue(command({ userId })), userId).toBe('suspended');
      expect(await store.resume(order({ userId })), userId).toBe('being_erased');
      expect(await runCommand(erase(userId), direct), userId).toMatchObject({ code: 0 });
      expect(await store.inspect(userId), userId).toBeUndefined();
    }

    const {
      audit = [],
      usage = [],
      ...rest
    } = await readFirestore(firestoreClient(emulatorHost, project));
    expect(rest).toEqual({});
    expect(audit).toHaveLength(calls - firstCallWithoutAccess + 1);
    // Empty months remain, so that usage that is not stored yet is refused.
    for (const month of usage) expect(month).toMatchObject({ total: 0, names: {}, last_uses: {} });
    expect(JSON.stringify([audit, usage])).not.toMatch(/interrupted|a telling name/);
  },
  120_000,
);
