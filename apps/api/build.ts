import { execFile } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Metafile, type Plugin } from 'esbuild';

/**
 * Leaves the Cloud Logging client out of the bundle, because it includes gRPC and makes startup
 * several times slower. Google's pino configuration uses the client only to look up the service and
 * the project, which `createLog` passes explicitly.
 */
const withoutCloudLoggingClient: Plugin = {
  name: 'without-cloud-logging-client',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@google-cloud\/logging$/ }, ({ path }) => ({
      path,
      namespace: 'left-out',
    }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * Loads built-in modules with `require`, so that their lazy exports stay lazy. An ES import reads
 * all exports at once: `node:http` would load Node's whole fetch, more than a third of the start
 * time.
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
 * Adds the named export of https-proxy-agent. esbuild gives a dynamic import of a CommonJS package
 * only the default export, but Google's HTTP client uses `HttpsProxyAgent` by name for HTTPS_PROXY.
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

/**
 * Fails the build if a CommonJS package is imported dynamically, since its named exports would be
 * undefined at run time.
 */
function assertNamesSurvive({ inputs, outputs }: Metafile): void {
  const broken = Object.values(outputs).flatMap(({ entryPoint }) =>
    entryPoint !== undefined && inputs[entryPoint]?.format === 'cjs' ? [entryPoint] : [],
  );
  if (broken.length > 0)
    throw new Error(`Dynamic imports of CommonJS lose their named exports: ${broken.join(', ')}`);
}

/** The variables of a CommonJS module's scope, which ES modules lack. */
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
  // Where packages find their peer dependencies, which the service provides.
  nodePaths: [`${import.meta.dirname}/node_modules`],
  banner: { js: commonJsScope },
  plugins: [withoutCloudLoggingClient, lazyBuiltins, namedProxyAgent],
  metafile: true,
  logLevel: 'warning',
});
assertNamesSurvive(metafile);
// Makes the folder self-contained: it can be copied anywhere.
await writeFile('dist/package.json', '{ "type": "module" }\n');

const { resolve } = createRequire(import.meta.url);
const pages = {
  reference: resolve('@andamio/reference/dist/index.html'),
  console: resolve('@andamio/console/dist/page/index.html'),
  operators: resolve('@andamio/console/dist/operators/index.html'),
};
for (const [name, page] of Object.entries(pages))
  await cp(dirname(page), join('dist', name), { recursive: true });

await promisify(execFile)(process.execPath, ['compile-cache.mjs', 'dist']);
