import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsTable, withSettingsTable } from '../scripts/settings-table.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test("the README's table of settings is up to date (if not: npx pnpm@12 generate)", () => {
  expect(readme).toContain(settingsTable());
  expect(withSettingsTable(readme)).toBe(readme);
});
