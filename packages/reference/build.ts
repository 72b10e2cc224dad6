// Builds `dist/`: the reference as a page, as Markdown and as Swagger 2.0, llms.txt, and the page's
// compressed assets, which have hashed names.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { llmsText } from './src/llms.ts';
import { referenceAsMarkdown } from './src/markdown.ts';
import { type PageFiles, page } from './src/page/page.ts';
import { swaggerDocument } from './src/swagger.ts';

const entry = 'browser/main.ts';

/** Returns the files that the page loads, from esbuild's metafile. */
function filesOf({ outputs }: Metafile): PageFiles {
  const [script, output] =
    Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
  if (script === undefined || output?.cssBundle === undefined)
    throw new Error(`esbuild produced no script or style sheet for ${entry}.`);
  return { script: `assets/${basename(script)}`, style: `assets/${basename(output.cssBundle)}` };
}

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [entry],
  outdir: 'dist/assets',
  entryNames: 'reference-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  metafile: true,
  logLevel: 'warning',
});

const assets = await readdir('dist/assets');
for (const asset of assets) {
  const content = await readFile(join('dist/assets', asset));
  await writeFile(join('dist/assets', `${asset}.br`), await promisify(brotliCompress)(content));
  await writeFile(join('dist/assets', `${asset}.gz`), await promisify(gzip)(content, { level: 9 }));
}

await writeFile('dist/index.html', page(filesOf(metafile)));
await writeFile('dist/reference.md', referenceAsMarkdown());
await writeFile('dist/llms.txt', llmsText());
await writeFile('dist/swagger.json', JSON.stringify(swaggerDocument()));
