import { expect, test } from 'vitest';
import { createWarner } from './warner.ts';

/** Returns the process warnings that a function causes. */
async function warningsOf(work: () => void): Promise<string[]> {
  const warnings: string[] = [];
  const collect = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
  process.on('warning', collect);
  work();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', collect);
  return warnings;
}

test('warns once a minute, with the number of errors in between', async () => {
  let now = 0;
  const warn = createWarner(() => now);
  const warnings = await warningsOf(() => {
    for (const at of [0, 1, 59_999, 60_000, 119_999, 120_000, 180_000]) {
      now = at;
      warn(new Error(`Failed at ${at}.`));
    }
  });
  expect(warnings).toEqual([
    'ApiKeyGuardWarning: Failed at 0.',
    'ApiKeyGuardWarning: Failed at 60000. Errors omitted since the last warning: 2.',
    'ApiKeyGuardWarning: Failed at 120000. Errors omitted since the last warning: 1.',
    'ApiKeyGuardWarning: Failed at 180000.',
  ]);
});
