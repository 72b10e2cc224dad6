import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@andamio/testing/free-port';
import { publishedHost, startProxy, temporaryFolder } from './proxy.ts';
import { guardSecret, type Surroundings } from './proxy-contract.ts';

/**
 * Starts Caddy with the shipped configuration, except for the service's address and the trusted
 * certificates. It stops after the test file.
 *
 * @returns the URL of Caddy.
 */
export async function startCaddy({
  servicePort,
  certificateFile,
  applicationPort,
}: Surroundings): Promise<string> {
  const folder = temporaryFolder('caddy-');
  const port = await freePort();
  const shipped = readFileSync(new URL('../../caddy/apikey.caddy', import.meta.url), 'utf8');
  const adapted = shipped
    .replace(`https://${publishedHost}`, `https://127.0.0.1:${servicePort}`)
    .replace('tls_server_name', `tls_trusted_ca_certs ${certificateFile}\n\t\t\ttls_server_name`);
  writeFileSync(join(folder, 'apikey.caddy'), adapted);
  const file = join(folder, 'Caddyfile');
  writeFileSync(
    file,
    `{
      admin off
      auto_https off
    }
    import apikey.caddy
    http://127.0.0.1:${port} {
      bind 127.0.0.1
      route /down* {
        import apikey
        reverse_proxy 127.0.0.1:1
      }
      route {
        import apikey
        reverse_proxy 127.0.0.1:${applicationPort}
      }
      import apikey_errors
    }`,
  );
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    ANDAMIO_GUARD_SECRET: guardSecret,
  };
  const args = ['run', '--config', file, '--adapter', 'caddyfile'];
  await startProxy({ name: 'Caddy', command: 'caddy', args, env, readyUrl: url });
  return url;
}
