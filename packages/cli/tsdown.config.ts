import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defineConfig, type Rolldown } from 'tsdown';

/** Adds the license texts of the bundled packages to the output, as the licenses require. */
const licenses: Rolldown.Plugin = {
  name: 'licenses',
  async generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((output) =>
      output.type === 'chunk' ? output.moduleIds : [],
    );
    const folders = modules.flatMap(
      (id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [],
    );
    const texts = [...new Set(folders)].toSorted().map(async (folder) => {
      const file = (await readdir(folder)).find((name) => /^licen[cs]e(\.|$)/i.test(name));
      if (file === undefined) throw new Error(`${folder} has no license.`);
      return `# ${basename(folder)}\n\n${await readFile(join(folder, file), 'utf8')}`;
    });
    const source = (await Promise.all(texts)).join('\n');
    this.emitFile({ type: 'asset', fileName: 'third-party-licenses.md', source });
  },
};

// Bundles all dependencies, so that the tarball can be installed without them. Modules that only
// `login` needs are loaded only by `login`.
export default defineConfig({
  entry: 'src/main.ts',
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  dts: false,
  fixedExtension: false,
  outputOptions: { chunkFileNames: 'openid-client.js' },
  plugins: [licenses],
  logLevel: 'error',
});
