import { describe, expect, test } from 'vitest';
import { Refusal } from '../refusal.ts';
import { Minute } from './minute.ts';

/** How many requests in a row are let in, of so many. */
const letIn = (minute: Minute, requests: number, now: number) =>
  Array.from({ length: requests }, () => minute.take(now)).filter((over) => !(over instanceof Refusal)).length;

describe('what was let in before', () => {
  test('is not taken off the next minute, which the service may tell of before the guard takes the last for over', () => {
    const minute = new Minute({ limit: 20, remaining: 19, endsAt: 61_900 });
    expect(letIn(minute, 15, 30_000)).toBe(15);
    minute.tell({ limit: 20, remaining: 19, endsAt: 121_000 }, 60_500);
    expect(letIn(minute, 30, 60_500)).toBe(19);
  });

  test('is taken off the same minute, whose end is told a little differently by each answer', () => {
    const minute = new Minute({ limit: 20, remaining: 19, endsAt: 60_000 });
    expect(letIn(minute, 15, 5_000)).toBe(15);
    minute.tell({ limit: 20, remaining: 18, endsAt: 61_900 }, 10_000);
    expect(letIn(minute, 2, 15_000)).toBe(2);
    minute.tell({ limit: 20, remaining: 17, endsAt: 60_100 }, 20_000);
    expect(letIn(minute, 30, 20_000)).toBe(0);
  });
});
