// node test/google/facts/generate.ts [FOLDER]: writes arguments.json from the installed Pulumi
// packages. With FOLDER, also writes descriptions.json from the API descriptions in that folder,
// one JSON file per API.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resourceTypes } from '../resources/index.ts';
import { readDescriptions } from './descriptions.ts';
import { readTypings } from './typings.ts';

/** Returns the content of arguments.json. */
export function argumentFacts(): string {
  const tokens = Object.keys(resourceTypes);
  const of = (prefix: string) => tokens.filter((token) => token.startsWith(prefix));
  const facts = {
    gcp: readTypings('@pulumi/gcp', of('gcp:')),
    'docker-build': readTypings('@pulumi/docker-build', of('docker-build:')),
  };
  return `${JSON.stringify(facts, null, 1)}\n`;
}

function descriptionFacts(folder: string): string {
  const roots: Record<string, string[]> = {};
  for (const { message } of Object.values(resourceTypes)) {
    if (message === undefined) continue;
    const [api, name] = message;
    roots[api] = [...(roots[api] ?? []), name];
  }
  const services = JSON.parse(readFileSync(join(folder, 'services.json'), 'utf8')) as string[];
  return `${JSON.stringify({ services, apis: readDescriptions(folder, roots) }, null, 1)}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL('arguments.json', import.meta.url), argumentFacts());
  const folder = process.argv[2];
  if (folder)
    writeFileSync(new URL('descriptions.json', import.meta.url), descriptionFacts(folder));
}
