// Builds three outputs in `dist/`:
// - `andamio-keys.js`: one ES module with the element and all its dependencies.
// - `page`: the console and the page for device logins. Their assets are compressed and have hashed
//   names.
// - `operators`: the page that `admin.js serve` sends over loopback, without compression.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { type BuildOptions, build, type Metafile, type Plugin, transform } from 'esbuild';
import { devicePage } from './src/device/html.ts';
import { operatorsPage } from './src/operators/html.ts';
import { type PageFiles, page } from './src/page/html.ts';

const pageEntry = 'src/page/main.ts';
const deviceEntry = 'src/device/main.ts';
const operatorsEntry = 'src/operators/main.tsx';

/**
 * Imports the element's style sheet as minified text. The element constructs a style sheet from it.
 * The style sheets of the pages remain files.
 */
const styleSheetAsText: Plugin = {
  name: 'style-sheet-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      if (['page', 'device'].includes(basename(dirname(path)))) return undefined;
      const { code } = await transform(await readFile(path, 'utf8'), {
        loader: 'css',
        minify: true,
        target: 'es2022',
      });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

const options = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  plugins: [styleSheetAsText],
  // Lets esbuild resolve the packages that the client imports from this package's dependencies.
  // They are development dependencies of the client, which the image's build does not install.
  nodePaths: ['node_modules'],
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Returns the files that a page loads, according to esbuild's metafile.
 *
 * @param folder the folder that contains the files, relative to the page
 */
function filesOf({ outputs }: Metafile, entry: string, folder: string): PageFiles {
  const [script, output] =
    Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
  if (script === undefined || output?.cssBundle === undefined)
    throw new Error(`esbuild produced no script or style sheet for ${entry}.`);
  const pathOf = (path: string) => `${folder}/${basename(path)}`;
  return { script: pathOf(script), style: pathOf(output.cssBundle) };
}

await rm('dist', { recursive: true, force: true });
await build({ ...options, entryPoints: { 'andamio-keys': 'src/main.ts' }, outdir: 'dist' });
const { metafile } = await build({
  ...options,
  entryPoints: { console: pageEntry, device: deviceEntry },
  outdir: 'dist/page/assets',
  entryNames: '[name]-[hash]',
  metafile: true,
});

for (const asset of await readdir('dist/page/assets')) {
  const path = join('dist/page/assets', asset);
  const content = await readFile(path);
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content));
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
}
await writeFile('dist/page/index.html', page(filesOf(metafile, pageEntry, 'console/assets')));
await writeFile('dist/page/device.html', devicePage(filesOf(metafile, deviceEntry, 'assets')));

const operators = await build({
  ...options,
  entryPoints: [operatorsEntry],
  outdir: 'dist/operators/assets',
  entryNames: 'operators-[hash]',
  metafile: true,
});
await writeFile(
  'dist/operators/index.html',
  operatorsPage(filesOf(operators.metafile, operatorsEntry, 'assets')),
);
