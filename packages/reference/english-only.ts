import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Removes the translations that the renderer and zod contain from the bundle, since the page is in
 * English. They take 64 of its 982 kB when compressed with Brotli.
 *
 * @throws if a translation has an unknown format.
 */
export const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]localization[\\/]locales[\\/][a-z-]+\.js$/ }, async ({ path }) => {
      if (basename(path) === 'en.js') return undefined;
      const name = /export \{ (?:\w+ as )?(\w+) \};/.exec(await readFile(path, 'utf8'))?.[1];
      if (name === undefined)
        throw new Error(`${path} exports its translation in an unknown format.`);
      return { contents: `export const ${name} = {};` };
    });
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/][A-Za-z-]+\.js$/ }, ({ path }) =>
      ['en.js', 'index.js'].includes(basename(path))
        ? undefined
        : { contents: 'export default () => ({});' },
    );
  },
};
