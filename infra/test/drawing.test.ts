import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { infrastructureDocument } from '../scripts/draw.ts';

test('the drawing of the infrastructure is of the resources that were reviewed', () => {
  expect(readFileSync(new URL('../../docs/infrastructure.md', import.meta.url), 'utf8')).toBe(infrastructureDocument());
});
