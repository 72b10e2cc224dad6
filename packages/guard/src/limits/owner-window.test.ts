import { describe, expect, test } from 'vitest';
import { Refusal } from '../refusal.ts';
import { OwnerWindow } from './owner-window.ts';

/** Returns how many of the requests the window accepts. */
const allowed = (window: OwnerWindow, requests: number, now: number) =>
  Array.from({ length: requests }, () => window.consume(now)).filter(
    (over) => !(over instanceof Refusal),
  ).length;

describe('requests that were accepted before', () => {
  test('earlier requests do not count in the next window, even if the service reports it early', () => {
    const window = new OwnerWindow({ limit: 20, remaining: 19, endsAt: 61_900 });
    expect(allowed(window, 15, 30_000)).toBe(15);
    window.update({ limit: 20, remaining: 19, endsAt: 121_000 }, 60_500, 15);
    expect(allowed(window, 30, 60_500)).toBe(19);
  });

  test('earlier requests count in the same window, whose reported end varies by seconds', () => {
    const window = new OwnerWindow({ limit: 20, remaining: 19, endsAt: 60_000 });
    expect(allowed(window, 15, 5_000)).toBe(15);
    window.update({ limit: 20, remaining: 18, endsAt: 61_900 }, 10_000, 0);
    expect(allowed(window, 2, 15_000)).toBe(2);
    window.update({ limit: 20, remaining: 17, endsAt: 60_100 }, 20_000, 0);
    expect(allowed(window, 30, 20_000)).toBe(0);
  });

  test('earlier requests that the service has counted do not count twice', () => {
    const window = new OwnerWindow({ limit: 20, remaining: 19, endsAt: 60_000 });
    expect(allowed(window, 5, 5_000)).toBe(5);
    window.update({ limit: 20, remaining: 14, endsAt: 60_000 }, 10_000, 4);
    expect(allowed(window, 30, 10_000)).toBe(13);
    window.update({ limit: 20, remaining: 0, endsAt: 60_000 }, 20_000, 14);
    expect(allowed(window, 30, 20_000)).toBe(0);
  });
});
