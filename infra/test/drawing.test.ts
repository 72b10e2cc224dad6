import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { launchBrowser } from '@andamio/testing/browser';
import { describe, expect, test } from 'vitest';
import { drawing, replacementsTable, stacks, withDrawings } from '../scripts/draw.ts';
import { browserIsHere } from './harness/requirements.ts';

/**
 * Maximum width of a diagram in pixels. GitHub scales down diagrams that are wider than its text
 * column.
 */
const widest = 1000;

/** The diagram in README.md. */
const overview = /```mermaid\n([\s\S]*?)```/.exec(
  readFileSync(new URL('../../README.md', import.meta.url), 'utf8'),
)?.[1];

const diagrams: Readonly<Record<string, string>> = {
  ...Object.fromEntries(stacks.map((stack) => [stack, drawing(stack)])),
  README: overview ?? '',
};

const document = readFileSync(new URL('../../docs/infrastructure.md', import.meta.url), 'utf8');

test('docs/infrastructure.md matches the reviewed snapshots', () => {
  expect(document).toBe(withDrawings(document));
  for (const stack of stacks) expect(document).toContain(drawing(stack));
  expect(document).toContain(replacementsTable());
});

describe.skipIf(!browserIsHere)('rendered by Mermaid', () => {
  test(`no diagram is wider than ${widest} units`, async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.setContent('<body></body>');
      await page.addScriptTag({ path: createRequire(import.meta.url).resolve('@mermaid-js/tiny') });
      const widths = await page.evaluate((texts) => {
        const { mermaid } = globalThis as unknown as {
          mermaid: { render(id: string, text: string): Promise<{ svg: string }> };
        };
        return Promise.all(
          texts.map(async (text, index) => {
            const { svg } = await mermaid.render(`drawing-${index}`, text);
            return Number(/viewBox="\S+ \S+ (\S+) /.exec(svg)?.[1]);
          }),
        );
      }, Object.values(diagrams));
      for (const [index, name] of Object.keys(diagrams).entries())
        expect.soft(widths[index], name).toBeLessThanOrEqual(widest);
    } finally {
      await browser.close();
    }
  });
});
