import { lastTimestamp } from '@andamio/schema/timestamps';
import { expect, test } from 'vitest';
import { auditDeleteAfter, ownEntry } from './audit.ts';

const day = 86_400;

test.each([
  ['for 400 days', 1_000 * day, 1_400 * day],
  ['no longer than until the last time that can be stored', lastTimestamp - day, lastTimestamp],
])('keeps an audit entry %s', (_, at, deleteAfter) => {
  expect(auditDeleteAfter(ownEntry('key.issued', { at, userId: 'owner' }))).toBe(deleteAfter);
});
