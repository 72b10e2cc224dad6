import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Variables that CommonJS modules expect but ES modules do not define. */
const commonJsScope = `
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`.trim();

/**
 * Bundles a program from `peers/` in the same way as the service, because a program with fewer
 * files starts faster. Returns the path of the bundle.
 */
export async function bundlePeer(name: string, folder: string): Promise<string> {
  const outfile = join(folder, 'peers', `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: commonJsScope },
    logLevel: 'warning',
  });
  return outfile;
}
