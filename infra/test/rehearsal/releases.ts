import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Images } from './images.ts';

/** Functions that change the bundle in apps/api/dist, by kind of release. */
const changes = {
  /** The same service with another digest. */
  good: (main: string) => `${main}\n// another release\n`,
  /** The same service, pushed by an account other than the build account. */
  foreign: (main: string) => `${main}\n// by somebody else\n`,
  /** A service that exits before it listens. */
  broken: () => 'process.exit(1);\n',
  /** A service that reports readiness but does not respond to other requests. */
  hanging: () =>
    "process.getBuiltinModule('node:http').createServer((request, response) => request.url.startsWith('/health') && response.end()).listen(process.env.PORT);\n",
} as const;

export type Release = keyof typeof changes;

/**
 * Builds the image of a release and pushes it.
 *
 * @returns the image's digest
 */
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
