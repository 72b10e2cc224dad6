import { expect, test } from 'vitest';
import { OwnerQueue } from './owner-queue.ts';

test('tasks of one owner run in order, even after one fails', async () => {
  const queue = new OwnerQueue();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const tasks = [
    queue.run('owner', () => first.promise.finally(() => order.push('first'))),
    queue.run('owner', async () => order.push('second')),
    queue.run('owner', async () => order.push('third')),
  ];
  first.reject(new Error('the store is down'));
  const outcomes = await Promise.allSettled(tasks);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(order).toEqual(['first', 'second', 'third']);
});

test('tasks of distinct owners do not wait for each other', async () => {
  const queue = new OwnerQueue();
  const stuck = Promise.withResolvers<void>();
  const waiting = queue.run('stuck', () => stuck.promise);
  const others = Array.from({ length: 100 }, (_, index) =>
    queue.run(`owner ${index}`, async () => index),
  );
  expect(await Promise.all(others)).toHaveLength(100);
  stuck.resolve();
  await waiting;
});

test('settled() waits for pending tasks', async () => {
  const queue = new OwnerQueue();
  let done = false;
  void queue.run('owner', async () => {
    await new Promise(setImmediate);
    done = true;
  });
  await queue.settled();
  expect(done).toBe(true);
});
