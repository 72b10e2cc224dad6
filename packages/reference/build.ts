// Builds `dist/`: the page, the reference in Markdown, llms.txt, and the compressed assets with
// hashed names.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { englishOnly } from './english-only.ts';
import { llmsText } from './src/llms.ts';
import { referenceAsMarkdown } from './src/markdown.ts';
import { type PageFiles, page } from './src/page.ts';

const entry = 'browser/main.ts';

/** Returns the files that the page loads. Reads esbuild's metafile. */
function filesOf({ outputs }: Metafile): PageFiles {
  const [script, { cssBundle, imports } = { imports: [] }] =
    Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
  if (script === undefined || cssBundle === undefined)
    throw new Error(`esbuild produced no script or style sheet for ${entry}.`);
  const name = (path: string) => `assets/${basename(path)}`;
  const direct = imports
    .filter(({ kind }) => kind === 'import-statement')
    .map(({ path }) => name(path));
  return { script: name(script), imports: direct, style: name(cssBundle) };
}

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [entry],
  outdir: 'dist/assets',
  entryNames: 'reference-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'linked',
  metafile: true,
  // Compile-time flags of Vue: https://vuejs.org/api/compile-time-flags
  define: {
    'process.env.NODE_ENV': '"production"',
    __VUE_OPTIONS_API__: 'true',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  plugins: [englishOnly],
  logLevel: 'warning',
});

const assets = await readdir('dist/assets');
for (const asset of assets) {
  const content = await readFile(join('dist/assets', asset));
  await writeFile(join('dist/assets', `${asset}.br`), await promisify(brotliCompress)(content));
  await writeFile(join('dist/assets', `${asset}.gz`), await promisify(gzip)(content, { level: 9 }));
}

const markdown = referenceAsMarkdown();
await writeFile('dist/index.html', page(markdown, filesOf(metafile)));
await writeFile('dist/reference.md', markdown);
await writeFile('dist/llms.txt', llmsText());
