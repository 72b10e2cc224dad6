import { type FirestoreCost, startFirestoreCounter } from '@andamio/testing/firestore-counter';
import {
  addition,
  command,
  keyId,
  owner,
  present,
  renewal,
  today,
  year,
} from '@andamio/testing/store/commands';
import { deviceLogins } from '@andamio/testing/store/device-login';
import { firestoreCosts } from '@andamio/testing/store/firestore-costs';
import { operations } from '@andamio/testing/store/operations';
import { order } from '@andamio/testing/store/operator';
import type { TestStore } from '@andamio/testing/store/store-under-test';
import { describe, expect, inject, test } from 'vitest';
import { freshProject, openFirestoreStore } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost') as string;

const cost = (calls: number, reads: number, writes: number): FirestoreCost => ({
  calls,
  reads,
  writes,
});

describe.skipIf(inject('emulatorHost') === undefined)('cost in Firestore', () => {
  async function start() {
    const counter = await startFirestoreCounter(emulatorHost);
    const project = freshProject();
    const store = openFirestoreStore(counter.host, project);
    const another = openFirestoreStore(emulatorHost, project);
    // A single check with a long timeout. A check that timed out would be counted when it ends.
    await store.check(30_000);
    return { ...counter, store, another };
  }

  type Operation = (store: TestStore) => Promise<unknown>;
  const { record, ...rules } = command({ expiresInDays: 1 });
  const issued: Operation = (store) => store.issue({ record, ...rules });

  type Case = [string, FirestoreCost, Operation, Operation?];
  const operationCosts = Object.entries(operations).map(([verb, { run, cost: stated }]): Case => {
    const { command: commandOf, ...expected } = stated;
    const operation: Operation = (store) => run(store, commandOf(record) as never);
    return [`${verb}, of an owner with one key`, expected, operation, issued];
  });

  test.each<Case>([
    ["issue, an owner's first key", cost(1, 0, 4), issued],
    ['find, one pepper', firestoreCosts.find, (store) => store.find([record.id]), issued],
    [
      'find, one of two peppers',
      cost(1, 2, 0),
      (store) => store.find([keyId('0'), record.id]),
      issued,
    ],
    ['readTierClaim', cost(1, 1, 0), (store) => store.readTierClaim('owner'), issued],
    ['list', cost(2, 2, 0), (store) => store.list('owner', present), issued],
    [
      'page, two of three rolled keys',
      cost(2, 7, 0),
      (store) => store.page({ userId: 'owner', maximum: 2 }),
      async (store) => {
        for (const name of ['name', 'two', 'three']) await store.issue(command({ name }));
        for (const name of ['name', 'two', 'three']) await store.roll(renewal({ name }));
      },
    ],
    [
      'addUsage, the first of a month',
      firestoreCosts.addUsage,
      (store) => store.addUsage(addition({ a: 1 })),
    ],
    [
      'addUsage, a later one',
      firestoreCosts.addUsage,
      (store) => store.addUsage(addition({ a: 1, b: 2 })),
      (store) => store.addUsage(addition({ a: 1 })),
    ],
    ['readTotals', firestoreCosts.readTotals, (store) => store.readTotals('owner', today)],
    [
      'readUsage, a year',
      cost(1, 13, 0),
      (store) => store.readUsage({ userId: 'owner', days: year, names: ['a'] }),
      async (store) => {
        for (const of of year.filter((each) => each.endsWith('-01')))
          await store.addUsage(addition({ a: 1 }, { day: of }));
      },
    ],
    [
      'addUsage, with the last use of each secret',
      cost(2, 1, 1),
      (store) => store.addUsage(addition({ a: 1 }, { lastUses: new Map([['serial', 1]]) })),
    ],
    [
      'readActivity, 13 months',
      cost(2, 13, 0),
      (store) =>
        store.readActivity({
          userId: 'owner',
          days: year.slice(0, 30),
          names: ['a'],
          months: [...new Set(year.map((each) => each.slice(0, 7)))],
          serials: ['serial'],
        }),
    ],
    [
      'revokeAll, of an owner with one key',
      cost(6, 6, 4),
      (store) => store.revokeAll(order()),
      issued,
    ],
    [
      'resetUsage',
      cost(2, 1, 2),
      (store) => store.resetUsage(order()),
      (store) => store.addUsage(addition({ a: 1 })),
    ],
    ...operationCosts,
  ])('%s: %o', async (_, expected, operation, prepare) => {
    const { store, costOf } = await start();
    await prepare?.(store);
    expect(await costOf(() => operation(store))).toEqual(expected);
  });

  test('usage of a page of keys is read without the names and secrets that are not on the page', async () => {
    const { store, costOf, bytesOf } = await start();
    const months = ['2025-05', '2025-06', '2025-07', '2025-08'];
    const ids = Array.from({ length: 1_000 }, (_, index) => `${index}`);
    const counts = new Map(ids.map((id) => [id, 1]));
    const lastUses = new Map(ids.map((id) => [id, 1]));
    for (const month of months)
      await store.addUsage(addition({}, { day: `${month}-31`, counts, lastUses }));
    const page = ids.slice(0, 50);
    const days = ['2025-08-30', '2025-08-31'];
    const query = { userId: 'owner', days, names: page, months, serials: page };
    const activity: Awaited<ReturnType<typeof store.readActivity>>[] = [];
    const read = async () => void activity.push(await store.readActivity(query));
    expect(await costOf(read)).toEqual(cost(2, 4, 0));
    expect(activity[0]?.usage).toHaveLength(50);
    expect(activity[0]?.lastUses.size).toBe(50);
    // All names and secrets of the four months have 281,000 bytes.
    expect(await bytesOf(read)).toBeLessThan(20_000);
    expect(await bytesOf(() => store.readTotals('owner', '2025-08-31'))).toBeLessThan(500);
  });

  /** Additions of one hundred owners, as one flush sends them. */
  const ofHundred = () =>
    Array.from({ length: 100 }, (_, index) =>
      addition({ name: 1 }, { userId: `owner ${index}`, instance: 'one' }),
    );

  test('a flush of a hundred owners reads in one call and writes in five', async () => {
    const { store, costOf } = await start();
    const flush = () => Promise.all(ofHundred().map((one) => store.addUsage(one)));
    expect(await costOf(flush)).toEqual(cost(6, 100, 100));
  });

  test('a device login costs a read to poll, and little to start, look up and approve', async () => {
    const { store, costOf } = await start();
    const logins = deviceLogins(store);
    let codes = { userCode: '', deviceCode: '' };
    const starting = async () => {
      codes = await logins.start();
    };
    expect(await costOf(starting)).toEqual(cost(2, 1, 1));
    const { userCode, deviceCode } = codes;
    expect(await costOf(() => logins.redeem(deviceCode))).toEqual(cost(1, 1, 0));
    expect(await costOf(() => logins.lookUp(owner, userCode))).toEqual(cost(2, 1, 1));
    expect(await costOf(() => logins.redeem(deviceCode))).toEqual(cost(1, 1, 0));
    expect(await costOf(() => logins.decide(owner, userCode, 'approved'))).toEqual(cost(4, 4, 2));
    expect(await costOf(() => logins.redeem(deviceCode))).toEqual(cost(3, 5, 6));
    expect(await costOf(() => logins.redeem(deviceCode))).toEqual(cost(2, 5, 0));
  });

  test('an owner whose document another process changes costs no other owner a retry', async () => {
    const { store, another, costOf, beforeNextWrite } = await start();
    beforeNextWrite(() => another.addUsage(addition({ name: 10 }, { userId: 'owner 7' })));
    let totals: unknown[] = [];
    const flush = async () => {
      totals = await Promise.all(ofHundred().map((one) => store.addUsage(one)));
    };
    expect(await costOf(flush)).toEqual(cost(8, 101, 101));
    expect(totals.map((each) => (each as { day: number }).day)).toEqual(
      Array.from({ length: 100 }, (_, index) => (index === 7 ? 11 : 1)),
    );
  });

  test('a reset of usage returns the totals that it deletes, although another process adds to them meanwhile', async () => {
    const { store, another, beforeNextWrite } = await start();
    await store.addUsage(addition({ name: 1 }, { instance: 'one' }));
    beforeNextWrite(() => another.addUsage(addition({ name: 10 }, { instance: 'other' })));
    expect(await store.resetUsage(order())).toEqual({ day: 11, month: 11 });
    expect(await store.readTotals('owner', today)).toEqual({ day: 0, month: 0 });
  });

  test('the owners of a flush are answered while one waits for its retry', async () => {
    const { store, another, beforeNextWrite } = await start();
    const order: string[] = [];
    beforeNextWrite(() => another.addUsage(addition({ name: 10 }, { userId: 'owner 7' })));
    await Promise.all(
      ofHundred().map((one) => store.addUsage(one).then(() => order.push(one.userId))),
    );
    expect(order.at(-1)).toBe('owner 7');
  });

  test('more additions than fit in a request are sent in several', async () => {
    const { store, costOf } = await start();
    const counts = new Map(Array.from({ length: 1_001 }, (_, index) => [`name ${index}`, 1]));
    const additions = Array.from({ length: 2 }, (_, index) =>
      addition({}, { userId: `owner ${index}`, counts }),
    );
    const flush = () => Promise.all(additions.map((one) => store.addUsage(one)));
    expect(await costOf(flush)).toEqual(cost(4, 2, 2));
  });
});
