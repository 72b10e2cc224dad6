import { OutcomeUnknownError, StoreUnavailableError } from '@andamio/keys/store';
import { freePort } from '@andamio/testing/free-port';
import { type Fate, startRefusingFirestore } from '@andamio/testing/refusing-firestore';
import { command, keyId, present } from '@andamio/testing/store/commands';
import { order } from '@andamio/testing/store/operator';
import type { TestStore } from '@andamio/testing/store/store-under-test';
import { withDeadline } from '@andamio/verification/firestore/deadline';
import { describe, expect, test } from 'vitest';
import { openFirestore } from '../../src/store/firestore/client.ts';
import { openFirestoreStore } from '../harness/stores.ts';

/**
 * Firestore status codes that persist until an operator acts, each with a pattern of the advice in
 * the error message.
 */
const permanent = [
  [3, 'INVALID_ARGUMENT', /Check the project id/],
  [5, 'NOT_FOUND', /create the database/],
  [7, 'PERMISSION_DENIED', /roles\/datastore\.user/],
  [9, 'FAILED_PRECONDITION', /Datastore mode/],
  [12, 'UNIMPLEMENTED', /not Firestore/],
  [16, 'UNAUTHENTICATED', /gcloud auth application-default login/],
] as const;

const reads: Record<string, (store: TestStore) => Promise<unknown>> = {
  'a readiness check': (store) => store.check(),
  'a lookup': (store) => store.find([keyId('a'.repeat(64))]),
  'a lookup under two peppers': (store) =>
    store.find([keyId('a'.repeat(64)), keyId('b'.repeat(64))]),
  'a list of keys': (store) => store.list('owner', present),
  'a search for a revocation': (store) => store.wasRevoked([keyId('a'.repeat(64))]),
  'an inspection of an owner': (store) => store.inspect('owner'),
  'the audit log': (store) => store.readAudit('owner'),
  'a count of owners': (store) => store.countOwners(),
  'a list of owners': (store) => store.owners()[Symbol.asyncIterator]().next(),
};

/** A write that first commits on a guess, and one that first reads. */
const writes: Record<string, (store: TestStore) => Promise<unknown>> = {
  'a first key': (store) => store.issue(command()),
  'a suspension': (store) => store.suspend(order()),
};

/** Returns the error of an operation that fails, and its duration in milliseconds. */
async function failureOf(operation: Promise<unknown>) {
  const startedAt = performance.now();
  const error = await operation.then(
    () => undefined,
    (cause: unknown) => cause as Error,
  );
  return { error, milliseconds: performance.now() - startedAt };
}

/** Opens a store on a fake Firestore. Its first call, which receives the first fate, is made. */
async function openOn(...fates: Fate[]) {
  const server = await startRefusingFirestore(fates, 'Missing or insufficient permissions.');
  const store = openFirestoreStore(server.host, 'demo-refused');
  await failureOf(store.check()); // The client loads with the first call.
  return store;
}

describe.each(permanent)('Firestore responds with %i %s', (code, name, remedy) => {
  test('reads reject within 2 s, naming the code and the remedy', async () => {
    const store = await openOn(code);
    // The reads run concurrently, because lookups in the same turn of the event loop share a call.
    const failures = await Promise.all(Object.values(reads).map((read) => failureOf(read(store))));
    for (const { error, milliseconds } of failures) {
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error?.message).toContain(name);
      expect(error?.message).toMatch(remedy);
      expect(milliseconds).toBeLessThan(2_000);
    }
  });

  test.each(Object.entries(writes))(
    'a write rejects within 2 s as not made, naming the code and the remedy: %s',
    async (_, write) => {
      const store = await openOn(code);
      const { error, milliseconds } = await failureOf(write(store));
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error?.message).toContain(name);
      expect(error?.message).toMatch(remedy);
      expect(milliseconds).toBeLessThan(2_000);
    },
  );

  test('a write rejects as possibly made if the response to an earlier attempt was lost, naming the code and the remedy', async () => {
    const store = await openOn(code, 'connection lost', code);
    const { error } = await failureOf(store.issue(command()));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error?.message).toContain(name);
    expect(error?.message).toMatch(remedy);
  });
});

test('a write that is incomplete at its deadline rejects as not made only if Firestore refused every attempt to commit', async () => {
  const permissionDenied = 7;
  const failuresOf = (cases: readonly (readonly Fate[])[]) =>
    Promise.all(
      cases.map(async (fates) => {
        const store = await openOn(permissionDenied, ...fates);
        return (await failureOf(store.issue(command()))).error?.name;
      }),
    );
  const [alreadyExists, internal] = [6, 13];
  const [notMade, unknown] = await Promise.all([
    failuresOf([
      [alreadyExists, 'no response'],
      [alreadyExists, 'connection lost'],
    ]),
    failuresOf([
      ['no response'],
      ['connection lost'],
      ['connection lost', alreadyExists, 'no response'],
      [internal],
      [internal, alreadyExists, 'no response'],
      ['stream closed'],
    ]),
  ]);
  expect(new Set(notMade)).toEqual(new Set(['StoreUnavailableError']));
  expect(new Set(unknown)).toEqual(new Set(['OutcomeUnknownError']));
});

test.each([
  ['a closed port', async () => `127.0.0.1:${await freePort()}`],
  ['a name that does not resolve', async () => 'firestore.invalid:443'],
])(
  'a write rejects as not made, with the cause, if Firestore cannot be reached: %s',
  async (_, hostOf) => {
    const store = openFirestoreStore(await hostOf(), 'demo-unreachable');
    // A check opens the connection, whose failure the first write then shares.
    const checked = failureOf(store.check());
    for (const name of ['first', 'second']) {
      const { error } = await failureOf(store.issue(command({ name })));
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error?.message).toMatch(/ECONNREFUSED|Name resolution failed/);
    }
    expect((await checked).error).toBeInstanceOf(StoreUnavailableError);
  },
);

test('a write rejects as possibly made if Firestore responds with the text of an attempt that was not sent', async () => {
  const server = await startRefusingFirestore(14, 'No connection established');
  const store = openFirestoreStore(server.host, 'demo-refused');
  const { error } = await failureOf(store.issue(command()));
  expect(error).toBeInstanceOf(OutcomeUnknownError);
});

test('no attempt to write is sent after the deadline of its operation', async () => {
  const server = await startRefusingFirestore(14, 'Try again.');
  const { firestore, use, close } = openFirestore({
    project: 'demo-refused',
    database: '(default)',
    emulatorHost: server.host,
  });
  const one = firestore.doc('keys/one');
  let retries: Promise<unknown> | undefined;
  await withDeadline(1_000, () => {
    retries = use(() => one.set({}));
    return retries;
  }).catch(() => {});
  // The client library gives up after the first attempt past the deadline.
  await expect(retries).rejects.toThrow('DEADLINE_EXCEEDED');
  // A call over the same connection is received after all earlier ones.
  const before = server.calls();
  const read = withDeadline(1_000, () => use(() => one.get())).catch(() => {});
  await expect.poll(server.calls, { timeout: 10_000 }).toBeGreaterThan(before);
  expect(server.timeouts()).not.toContain('0m');
  await read;
  await close(); // The client terminates after the last retry of the read.
});

test('a read is retried until its deadline if the error is temporary', async () => {
  const server = await startRefusingFirestore(14, 'Try again.');
  const store = openFirestoreStore(server.host, 'demo-refused');
  const { error } = await failureOf(store.find([keyId('a'.repeat(64))]));
  expect(server.calls()).toBeGreaterThan(1);
  expect(error?.message).toBe(
    'Firestore did not respond in time. The last attempt failed: Try again.',
  );
});
