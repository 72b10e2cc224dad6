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
    minute.tell({ limit: 20, remaining: 19, endsAt: 121_000 }, 60_500, 15);
    expect(letIn(minute, 30, 60_500)).toBe(19);
  });

  test('is taken off the same minute, whose end is told a little differently by each answer', () => {
    const minute = new Minute({ limit: 20, remaining: 19, endsAt: 60_000 });
    expect(letIn(minute, 15, 5_000)).toBe(15);
    minute.tell({ limit: 20, remaining: 18, endsAt: 61_900 }, 10_000, 0);
    expect(letIn(minute, 2, 15_000)).toBe(2);
    minute.tell({ limit: 20, remaining: 17, endsAt: 60_100 }, 20_000, 0);
    expect(letIn(minute, 30, 20_000)).toBe(0);
  });

  test('is not taken off once more where the service has counted it', () => {
    const minute = new Minute({ limit: 20, remaining: 19, endsAt: 60_000 });
    expect(letIn(minute, 5, 5_000)).toBe(5);
    minute.tell({ limit: 20, remaining: 14, endsAt: 60_000 }, 10_000, 4);
    expect(letIn(minute, 30, 10_000)).toBe(13);
    minute.tell({ limit: 20, remaining: 0, endsAt: 60_000 }, 20_000, 14);
    expect(letIn(minute, 30, 20_000)).toBe(0);
  });
});
