import { join } from 'node:path';
import { build } from 'esbuild';
import type { Bench } from './bench.ts';
import { peerFile } from './peer-file.ts';
import type { Program } from './program.ts';

/** Variables that CommonJS modules expect but ES modules do not define. */
const commonJsScope = `
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`.trim();

/**
 * Bundles a program from `peers/` in the same way as the service, because a program with fewer
 * files starts faster.
 */
export async function bundledPeer(name: string, { folder }: Bench): Promise<Program> {
  const main = join(folder, 'peers', `${name}.mjs`);
  await build({
    entryPoints: [peerFile(name)],
    outfile: main,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: commonJsScope },
    logLevel: 'warning',
  });
  return { main };
}
