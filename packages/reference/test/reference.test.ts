import { errorCodes } from '@andamio/schema/errors';
import { operations } from '@andamio/schema/operations';
import { tiers } from '@andamio/schema/tiers';
import { describe, expect, test } from 'vitest';
import { Html, html } from '../src/html.ts';
import { llmsText } from '../src/llms.ts';
import { referenceAsMarkdown } from '../src/markdown.ts';
import { page } from '../src/page/page.ts';
import { prose } from '../src/page/prose.ts';

const markdown = referenceAsMarkdown();
const reference = page({ script: 'assets/a.js', style: 'assets/a.css' });

describe('the reference', () => {
  test.each(operations)(
    'contains path, description and statuses of $id',
    ({ id, method, path, summary, description, errors }) => {
      for (const part of [`## ${summary}`, `\`${method.toUpperCase()} ${path}\``, description]) {
        expect(markdown).toContain(part);
      }
      const section = markdown.slice(markdown.indexOf(`## ${summary}`));
      for (const status of [200, ...errors]) expect(section).toContain(`### ${status}`);
      expect(llmsText()).toContain(`\`${method.toUpperCase()} ${path}\``);
      const [, onPage = ''] = reference.split(`<section class="operation" id="${id}"`);
      expect(onPage).toContain(`data-method="${method.toUpperCase()}" data-path="${path}"`);
      for (const status of [200, ...errors]) expect(onPage).toMatch(`>${status}</span>`);
    },
  );

  test.each(errorCodes)('contains the remedy for %s', (code) => {
    expect(markdown).toMatch(new RegExp(`\\| \`${code}\` \\| \\d{3} \\| .+ \\|`));
    expect(reference).toContain(`<tr id="errors-${code}" data-entry="${code}">`);
  });

  test.each(Object.keys(tiers))('contains the limits of tier %s', (tier) => {
    expect(markdown).toContain(`| ${tier} |`);
    expect(reference).toContain(`<tr id="limits-${tier}"`);
  });

  test('describes fields with type, bounds and optionality, as on the published page', () => {
    expect(markdown).toContain('| `api_key_name` | string | `3 <= length <= 100` |');
    expect(markdown).toContain('| `expires_in_days` (optional) | integer | `1 <= value` |');
    expect(markdown).toContain('| `Idempotency-Key` (optional) | string |');
    expect(markdown).toContain('**Authorization** (in: header): Bearer token for authentication.');
    expect(markdown).toContain('**X-API-Key** (in: header): An API key, exactly as issued.');
  });

  test('describes the fields of objects within arrays', () => {
    expect(markdown).toContain('| `active_keys[].expires_at` | string (date-time) |');
    const [, user = ''] = reference.split('<section class="operation" id="get-user"');
    expect(user.split('</section>')[0]).toMatch(
      /Fields of <code>active_keys<\/code>[\s\S]*<code>expires_at<\/code>/,
    );
  });

  test('begins with the first steps and ends with errors, limits and changes', () => {
    const operation = '<section class="operation"';
    const end = ['errors', 'limits', 'changelog'].map((id) => `<section id="${id}"`);
    const onPage = [
      reference.indexOf('<section id="get-started"'),
      reference.indexOf(operation),
      reference.lastIndexOf(operation),
      ...end.map((section) => reference.indexOf(section)),
    ];
    const inMarkdown = ['To get a key', '## Request', '## Errors', '## Limits', '## Changelog'].map(
      (part) => markdown.indexOf(part),
    );
    for (const positions of [onPage, inMarkdown]) {
      expect(positions).not.toContain(-1);
      expect(positions).toEqual(positions.toSorted((one, other) => one - other));
    }
  });

  test('every link within the page has a target, and every id is unique', () => {
    const ids = [...reference.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...reference.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(operations.length);
    expect(targets.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test('the page has no inline script, inline style or event handler', () => {
    expect([...reference.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<script type="module" src="assets/a.js">',
    ]);
    expect(reference).not.toMatch(/<style| style=| on[a-z]+=/);
  });
});

test('Markdown code is escaped, and long names break after an underscore', () => {
  expect(prose('`a_b <b>`').text).toBe('<p><code>a_<wbr>b &lt;b&gt;</code></p>\n');
});

test('templates escape all values except HTML', () => {
  const { text } = html`<a title="${'"<&>'}">${['<b>', new Html('<i>'), false, undefined, 1]}</a>`;
  expect(text).toBe('<a title="&quot;&lt;&amp;&gt;">&lt;b&gt;<i>1</a>');
});
