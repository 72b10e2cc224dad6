import { deviceLoginSeconds, devicePollSeconds } from '@andamio/schema/operations';
import { expect, test } from 'vitest';
import { PollPace } from '../../src/http/limits/poll-pace.ts';

test('the interval of early requests grows no longer than the lifetime of a login', () => {
  const pace = new PollPace(() => 0);
  expect(pace.slowDown('login')).toBeUndefined();
  const intervals = Array.from({ length: 200 }, () => pace.slowDown('login') as number);
  expect(intervals[0]).toBe(devicePollSeconds + 5);
  expect(Math.max(...intervals)).toBe(deviceLoginSeconds);
});
