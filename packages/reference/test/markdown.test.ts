import { errorCodes } from '@andamio/schema/errors';
import { operations } from '@andamio/schema/operations';
import { tiers } from '@andamio/schema/tiers';
import { describe, expect, test } from 'vitest';
import { llmsText } from '../src/llms.ts';
import { referenceAsMarkdown } from '../src/markdown.ts';
import { page } from '../src/page.ts';

const markdown = referenceAsMarkdown();
const html = page(markdown, {
  script: 'assets/a.js',
  imports: ['assets/b.js'],
  style: 'assets/a.css',
});

describe('the static reference', () => {
  test.each(operations)(
    'contains path, description and statuses of $id',
    ({ method, path, summary, description, errors }) => {
      for (const part of [`## ${summary}`, `\`${method.toUpperCase()} ${path}\``, description]) {
        expect(markdown).toContain(part);
      }
      const section = markdown.slice(markdown.indexOf(`## ${summary}`));
      for (const status of [200, ...errors]) expect(section).toContain(`### ${status}`);
      expect(llmsText()).toContain(`\`${method.toUpperCase()} ${path}\``);
      expect(html).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
    },
  );

  test.each(errorCodes)('contains the remedy for %s', (code) => {
    expect(markdown).toMatch(new RegExp(`\\| \`${code}\` \\| \\d{3} \\| .+ \\|`));
  });

  test.each(Object.keys(tiers))('contains the limits of tier %s', (tier) => {
    expect(markdown).toContain(`| ${tier} |`);
  });

  test('describes fields with type, bounds and optionality, as on the published page', () => {
    expect(markdown).toContain('| `api_key_name` | string | `3 <= length <= 100` |');
    expect(markdown).toContain('| `expires_in_days` (optional) | integer | `1 <= value` |');
    expect(markdown).toContain('**Authorization** (in: header): Bearer token for authentication.');
    expect(markdown).toContain('**X-API-Key** (in: header): An API key, exactly as issued.');
  });

  test('the page has no inline script, and all its scripts have the nonce', () => {
    const tags = [...html.matchAll(/<(?:script|link rel="modulepreload")[^>]*>/g)].map(
      ([tag]) => tag,
    );
    expect(tags).toHaveLength(2);
    for (const tag of tags) expect(tag).toContain('nonce="{{nonce}}"');
  });
});
