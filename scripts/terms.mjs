// The command `pnpm lint:terms`. Searches code and documentation for the words that
// docs/glossary.md lists under "Words that are not used". Reports each use with the word to use
// instead.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './toolchain.mjs';

const glossary = 'docs/glossary.md';
const own = [glossary, 'scripts/terms.mjs'];
const text = /\.(ts|mts|mjs|md|yml|yaml|json|sh)$|^\.ci\/run$/;
const generated = /^pnpm-lock\.yaml$|\/openapi\.json$|\/snapshots\/|\/facts\//;

/**
 * Matches names that contain a word of the glossary's table but are not renamed, because they are
 * stored or published.
 */
const stored = /key\.redigested/g;

/**
 * Returns the rows of the glossary's table as pairs: a word that is not used, and the word to use
 * instead.
 */
function rows() {
  const [, table = ''] = readFileSync(join(root, glossary), 'utf8').split(
    '## Words that are not used',
  );
  return [...table.matchAll(/^\| (?!not )([a-z -]*[a-z]) \| (.+) \|$/gm)].map(
    ([, word, instead]) => [word, instead],
  );
}

/** Returns a pattern for a word and its plural or past form, alone or within an identifier. */
function pattern(word) {
  const capital = word[0].toUpperCase();
  const rest = word.slice(1).replaceAll(' ', '\\s+');
  return new RegExp(
    `(?:(?<![A-Za-z])[${word[0]}${capital}]|${capital})${rest}(?:e?s|e?d)?(?![a-z])`,
    'g',
  );
}

const words = rows().map(([word, instead]) => ({ word, instead, uses: pattern(word) }));
if (words.length === 0) throw new Error(`${glossary} has no table of words that are not used.`);

const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((path) => text.test(path) && !generated.test(path) && !own.includes(path));

let found = 0;
for (const path of files) {
  const lines = readFileSync(join(root, path), 'utf8').replace(stored, '').split('\n');
  for (const [index, line] of lines.entries()) {
    for (const { word, instead, uses } of words) {
      if (line.search(uses) < 0) continue;
      process.stdout.write(`${path}:${index + 1}: "${word}" is not used; use "${instead}"\n`);
      found++;
    }
  }
}
process.stdout.write(`${found} uses of ${words.length} retired words in ${files.length} files\n`);
process.exitCode = found > 0 ? 1 : 0;
