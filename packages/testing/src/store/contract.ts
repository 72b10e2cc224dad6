import { storeDeadline } from '@andamio/keys/store';
import { describe, expect, test } from 'vitest';
import { describeAudit } from './audit.ts';
import { describeChanges } from './changes.ts';
import { command, present } from './commands.ts';
import { describeDeviceLogins } from './device-login.ts';
import { describeErasure } from './erase.ts';
import { describeFinding } from './find.ts';
import { describeInspection } from './inspect.ts';
import { operations } from './operations.ts';
import { describePages } from './page.ts';
import { describeReplay } from './replay.ts';
import { describeRevokeAll } from './revoke-all.ts';
import { connected, type StoreUnderTest } from './store-under-test.ts';
import { describeUsage } from './usage.ts';

/**
 * Defines the contract tests for all operations. The tests use only the interface of a store, so
 * they apply to every implementation.
 */
export function describeKeyStore(kind: string, create: () => StoreUnderTest) {
  for (const { describeContract } of Object.values(operations)) describeContract(kind, create);
  describeFinding(kind, create);
  describeReplay(kind, create);
  describeAudit(kind, create);
  describeUsage(kind, create);
  describeRevokeAll(kind, create);
  describeErasure(kind, create);
  describeInspection(kind, create);
  describePages(kind, create);
  describeDeviceLogins(kind, create);
  describeChanges(kind, create);

  describe(`${kind}: failures`, () => {
    test('an operation that fails rejects with its own error, writes nothing and affects no other operation', async () => {
      const { store } = create();
      await connected(store);
      const { record: first } = command({ userId: 'first' });
      await store.issue({ ...command(), record: first });
      const fault = new TypeError('The decision failed.');
      const calls = [
        store.issue(command({ userId: 'second' })),
        store.transact({ userId: 'owner', now: present }, () => {
          throw fault;
        }),
        store.issue(command()),
        store.find([first.id]),
        store.check(),
      ];
      expect(await Promise.allSettled(calls)).toMatchObject([
        { value: 'issued' },
        { status: 'rejected', reason: fault },
        { value: 'issued' },
        { value: { record: first } },
        { status: 'fulfilled' },
      ]);
      expect((await store.list('owner', present)).keys).toHaveLength(1);
      expect((await store.list('second', present)).keys).toHaveLength(1);
    });
  });

  describe(`${kind}: close and health check`, () => {
    test('closes a store that was never called', async () => {
      await create().store.close();
    });

    test('completes a pending issue before it closes the store', async () => {
      const { store } = create();
      const issued = store.issue(command());
      await store.close();
      expect(await issued).toBe('issued');
    });

    test('completes a health check within the deadline', async () => {
      const { store } = create();
      await connected(store);
      const startedAt = performance.now();
      await store.check();
      expect(performance.now() - startedAt).toBeLessThan(storeDeadline);
    });
  });
}
