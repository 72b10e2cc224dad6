import { readFile, writeFile } from 'node:fs/promises';
import { withCaddyBodies, withEnvoyBody, withNginxBodies } from './error-bodies.ts';

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  const url = new URL(`../${file}`, import.meta.url);
  await writeFile(url, change(await readFile(url, 'utf8')));
}

await rewrite('nginx/apikey-http.conf', withNginxBodies);
await rewrite('envoy/envoy.yaml', withEnvoyBody);
await rewrite('caddy/apikey.caddy', withCaddyBodies);
