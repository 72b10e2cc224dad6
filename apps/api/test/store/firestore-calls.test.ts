import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createFirestoreStore } from '../../src/store/firestore/store.ts';
import { command } from '../harness/commands.ts';
import { startFirestoreProxy } from '../harness/firestore-proxy.ts';
import { firestoreClient, freshProject, readFirestore } from '../harness/stores.ts';

const emulatorHost = inject('emulatorHost') as string;

describe.skipIf(inject('emulatorHost') === undefined)('calls to Firestore', () => {
  async function start() {
    const proxy = await startFirestoreProxy(emulatorHost);
    const project = freshProject();
    const store = createFirestoreStore({ project, database: '(default)', emulatorHost: proxy.host });
    onTestFinished(() => store.close());
    await store.check();
    const read = () => readFirestore(firestoreClient(emulatorHost, project));
    const callsOf = async (task: () => Promise<unknown>) => {
      const before = proxy.calls();
      await task();
      return proxy.calls() - before;
    };
    return { proxy, store, read, callsOf };
  }

  test('an owner costs one for its first key and at most three for later ones', async () => {
    const { store, callsOf } = await start();
    expect(await callsOf(() => store.issue(command({ name: 'first' })))).toBe(1);
    expect(await callsOf(() => store.issue(command({ name: 'second' })))).toBeLessThanOrEqual(3);
    expect(await callsOf(() => store.issue(command({ name: 'second' })))).toBeLessThanOrEqual(3);
  });

  test.each([
    ['first', 1],
    ['second', 3],
  ])('a commit whose answer is lost is not taken for a refusal: the %s key', async (name, commit) => {
    const { proxy, store, read } = await start();
    if (name === 'second') expect(await store.issue(command({ name: 'first' }))).toBe('issued');
    const wish = command({ name });
    const isStored = async () => (await read())['keys']?.some(({ id }) => id === wish.record.id);
    proxy.loseAnswerTo(commit);
    const outcome = store.issue(wish);
    await expect.poll(isStored).toBe(true);
    proxy.cut();
    expect(await outcome).toBe('issued');
    expect((await read())['keys']).toHaveLength(name === 'second' ? 2 : 1);
  });
});
