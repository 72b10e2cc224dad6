import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Leaves out the translations that the renderer and zod bring along: the page is in English, and they are 64 kB of 982 that it
 * would load with Brotli.
 *
 * @throws where a translation is written in a form that this does not know
 */
export const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]localization[\\/]locales[\\/][a-z-]+\.js$/ }, async ({ path }) => {
      if (basename(path) === 'en.js') return undefined;
      const name = /export \{ (?:\w+ as )?(\w+) \};/.exec(await readFile(path, 'utf8'))?.[1];
      if (name === undefined) throw new Error(`${path} exports its translation in a new form.`);
      return { contents: `export const ${name} = {};` };
    });
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/][A-Za-z-]+\.js$/ }, ({ path }) =>
      ['en.js', 'index.js'].includes(basename(path)) ? undefined : { contents: 'export default () => ({});' },
    );
  },
};
