import { type LogEvent, logEvents } from '@andamio/schema/log-events';
import { expect, test } from 'vitest';
import { setUpKeys } from './set-up.ts';
import { type KeyStore, StoreUnavailableError } from './store.ts';
import { AdditionForgottenError } from './usage/store.ts';

test.each([
  ['usage_unavailable', 'usage that is kept until it can be stored', new StoreUnavailableError()],
  ['usage_of_owner_failed', 'the usage of one owner that cannot be stored', new Error()],
  ['usage_lost', 'usage that may be lost', new AdditionForgottenError()],
])('the log event %s reports %s', async (event, _what, error) => {
  const events: LogEvent[] = [];
  const { usage } = setUpKeys({
    store: { addUsage: () => Promise.reject(error) } as unknown as KeyStore,
    peppers: [{ version: 'test', secret: Buffer.alloc(32) }],
    verifyCacheSeconds: 10,
    maximumDays: undefined,
    now: Date.now,
    monotonicNow: () => performance.now(),
    warn: (_error, reported) => void events.push(reported),
  });
  usage.count('owner', 'name');
  await usage.flush();
  expect(events).toEqual(Object.values(logEvents).filter((one) => one.event === event));
});
