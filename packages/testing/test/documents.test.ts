import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { tokenRecipes } from '@andamio/testing/token-recipes';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

const read = (path: string) => readFileSync(join(root, path), 'utf8');

const documents = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

const withoutCode = (markdown: string) =>
  markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');

/** Returns the anchor that GitHub creates for a heading. */
const anchorOf = (heading: string) =>
  heading
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
    .toLowerCase();

const anchorsOf = (path: string) =>
  [
    ...read(path)
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading = '']) => anchorOf(heading));

/** Returns the problem with a link in a document, or undefined if the link is right. */
function problemOf(document: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : relative(root, resolve(root, dirname(document), path));
  if (!existsSync(join(root, target))) return `${link}: the file does not exist`;
  if (anchor === undefined || /^L\d+/.test(anchor)) return undefined;
  if (statSync(join(root, target)).isDirectory()) return `${link}: a folder has no headings`;
  return anchorsOf(target).includes(anchor) ? undefined : `${link}: no such heading`;
}

describe('documents', () => {
  test.each(documents)('%s links only to files and headings that exist', (document) => {
    const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, link = '']) => link,
    );
    const own = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(own.flatMap((link) => problemOf(document, link) ?? [])).toEqual([]);
  });

  test.each(documents)('%s names only paths of the repository that exist', (document) => {
    const named = [
      ...read(document)
        .replaceAll(/^```[\s\S]*?^```/gm, '')
        .matchAll(/`((?:apps|docs|infra|packages|scripts)\/[\w./-]+)`/g),
    ].map(([, path = '']) => path);
    // Files in `dist` exist only after a build.
    const sources = named.filter((path) => !/\/dist(\/|$)/.test(path));
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test.each(documents)('%s names only commands of pnpm that exist', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const known = [...Object.keys(scripts), 'install', 'turbo'];
    const named = [...read(document).matchAll(/npx (?:-y |--yes )?pnpm@12 ([a-z][\w:-]*)/g)];
    const commands = named.map(([, command = '']) => command);
    expect(commands.filter((command) => !known.includes(command))).toEqual([]);
  });

  test.each(documents)('%s has commands of pnpm in a form that needs only npm', (document) => {
    expect(read(document).match(/`pnpm [a-z].*/g) ?? []).toEqual([]);
  });

  // The entries of changelogs and the rows of tables are one line each, and URLs cannot be wrapped.
  test.each(documents.filter((document) => !/^packages\/\w+\/CHANGELOG/.test(document)))(
    '%s has lines of at most 100 columns',
    (document) => {
      const lines = read(document)
        .replaceAll(/^\s*```[\s\S]*?^\s*```/gm, '')
        .split('\n');
      const long = lines.filter((line) => [...line].length > 100);
      expect(long.filter((line) => !/^\s*\||\]\(https:/.test(line))).toEqual([]);
    },
  );

  test.each(tokenRecipes)(
    'a shell passes on the settings for $issuer by `env $(cat FILE)`',
    ({ settings }) => {
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
      const command = 'env -i $(cat) env';
      const passed = execFileSync('sh', ['-c', command], { input: lines.join('\n'), cwd: root });
      const received = passed
        .toString()
        .split('\n')
        .filter((line) => lines.includes(line));
      expect(received.toSorted()).toEqual(lines.toSorted());
    },
  );

  test('README links to every document of docs', () => {
    const pages = documents.filter((path) => /^docs\/[^/]+\.md$/.test(path));
    expect(pages.filter((page) => !read('README.md').includes(`(${page})`))).toEqual([]);
  });

  test('README has at most 120 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(120);
  });

  /** The records of decisions, by file name. `status` is the first sentence of the status. */
  const decisions = new Map(
    documents
      .filter((path) => /^docs\/decisions\/\d{4}-/.test(path))
      .map((path) => {
        const [, number = '', title = ''] = /^# (\d+)\. (.+)$/m.exec(read(path)) ?? [];
        const [, about = ''] = /^Status: ([\s\S]*?)\n\n/m.exec(read(path)) ?? [];
        const [status = '', ...more] = about.replaceAll('\n', ' ').split(/\.(?: |$)/);
        return [basename(path), { number, title, status, more: more.join(' ') }];
      }),
  );

  test('the index of decisions lists every record with its title and status', () => {
    const index = read('docs/decisions/README.md');
    const rows = [...decisions].map(
      ([file, { number, title, status }]) => `| ${number} | [${title}](${file}) | ${status} |`,
    );
    expect(rows.filter((row) => !index.includes(row))).toEqual([]);
  });

  test('a decision that another amends or supersedes says so', () => {
    const passive: Readonly<Record<string, string>> = {
      Amends: 'amended by',
      Supersedes: 'superseded by',
    };
    const changes = [...decisions].flatMap(([file, { number, more }]) =>
      [...more.matchAll(/(Amends|Supersedes) \[\d+\]\(([^)]+)\)/g)].map(
        ([, verb = '', changed = '']) => ({
          changed,
          words: [passive[verb] as string, `[${number}](${file})`],
        }),
      ),
    );
    expect(changes.length).toBeGreaterThan(0);
    const unsaid = changes.filter(
      ({ changed, words }) => !words.every((word) => decisions.get(changed)?.status.includes(word)),
    );
    expect(unsaid).toEqual([]);
  });
});
