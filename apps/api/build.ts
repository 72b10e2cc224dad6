import { execFile } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { build, type Metafile, type Plugin } from 'esbuild';

/**
 * Google's pino configuration imports the whole Cloud Logging client, gRPC included, for look-ups that `createLog` spares it
 * by giving their results. Left out, the service starts in a fraction of the time.
 */
const withoutCloudLoggingClient: Plugin = {
  name: 'without-cloud-logging-client',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@google-cloud\/logging$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * An import of a built-in module reads all its exports at once, also those that load something when they are read: `node:http`
 * brings Node's whole fetch that way, which costs more than a third of the start. Taken as CommonJS takes them, they stay lazy.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : { path, external: true },
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

/**
 * esbuild gives whoever imports a CommonJS package dynamically nothing but its default export. Google's HTTP client takes the agent for
 * HTTPS_PROXY by its name.
 */
const namedProxyAgent: Plugin = {
  name: 'named-proxy-agent',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^https-proxy-agent$/ }, ({ path, kind, resolveDir }) =>
      kind === 'dynamic-import' ? { path, namespace: 'named', pluginData: resolveDir } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'named' }, ({ path, pluginData: resolveDir }) => ({
      contents: `export { HttpsProxyAgent } from '${path}';`,
      resolveDir,
    }));
  },
};

/** Fails the build where a CommonJS package is imported dynamically: its names would be missing when they are needed. */
function assertNamesSurvive({ inputs, outputs }: Metafile): void {
  const broken = Object.values(outputs).flatMap(({ entryPoint }) =>
    entryPoint !== undefined && inputs[entryPoint]?.format === 'cjs' ? [entryPoint] : [],
  );
  if (broken.length > 0) throw new Error(`Dynamic imports of CommonJS lose their names: ${broken.join(', ')}`);
}

/** What CommonJS packages find in their scope, and ES modules lack. */
const commonJsScope = `
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`.trim();

await rm('dist', { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { main: 'src/main.ts', admin: 'src/admin.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'linked',
  chunkNames: 'chunks/[name]-[hash]',
  banner: { js: commonJsScope },
  plugins: [withoutCloudLoggingClient, lazyBuiltins, namedProxyAgent],
  metafile: true,
  logLevel: 'warning',
});
assertNamesSurvive(metafile);
// The folder is all that runs, wherever it is put.
await writeFile('dist/package.json', '{ "type": "module" }\n');

const page = createRequire(import.meta.url).resolve('@andamio/reference/dist/index.html');
await cp(dirname(page), 'dist/reference', { recursive: true });

await promisify(execFile)(process.execPath, ['compile-cache.mjs', 'dist']);
