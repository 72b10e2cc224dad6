import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Images } from './images.ts';

/** Bundles that are other releases than the one in apps/api/dist. */
const changes = {
  /** The same service, built anew. */
  good: (main: string) => `${main}\n// another release\n`,
  /** The same service, pushed by somebody else. */
  foreign: (main: string) => `${main}\n// by somebody else\n`,
  /** Ends before it listens. */
  broken: () => 'process.exit(1);\n',
  /** Says that it is ready, and never answers anything else. */
  hanging: () =>
    "process.getBuiltinModule('node:http').createServer((request, response) => request.url.startsWith('/health') && response.end()).listen(process.env.PORT);\n",
} as const;

export type Release = keyof typeof changes;

/** Builds a release and pushes it. @returns the digest */
export async function pushRelease(
  images: Images,
  release: Release,
  bundle: string,
  destination: string,
): Promise<string> {
  const folder = mkdtempSync(join(images.folder, 'bundle-'));
  cpSync(bundle, folder, { recursive: true });
  const main = join(folder, 'main.js');
  writeFileSync(main, changes[release](readFileSync(main, 'utf8')));
  await images.buildService(`localhost/${release}`, { bundle: folder });
  rmSync(folder, { recursive: true });
  return await images.push(`localhost/${release}`, destination);
}
