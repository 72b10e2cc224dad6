import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { argumentFacts } from './generate.ts';

test('the arguments that the fake Google knows are those of the packages that are installed', () => {
  expect(readFileSync(new URL('arguments.json', import.meta.url), 'utf8') === argumentFacts()).toBe(
    true,
  );
});
