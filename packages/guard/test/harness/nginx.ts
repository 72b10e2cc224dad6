import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@andamio/testing/free-port';
import { publishedHost, startProxy, temporaryFolder } from './proxy.ts';
import type { Surroundings } from './proxy-contract.ts';
import { nginx } from './requirements.ts';

export interface NginxOptions extends Omit<Surroundings, 'applicationPort'> {
  /** Content of the file with the guard's secret. If undefined, there is no file. */
  readonly guardSecret?: string;
  /** Directives that the configuration contains after the include in `server { }`. */
  readonly locations: string;
}

/**
 * Starts nginx with the shipped configuration, except for the service's address and the trusted
 * certificates. It stops after the test file.
 *
 * @returns the URL of nginx.
 */
export async function startNginx(options: NginxOptions): Promise<string> {
  const { servicePort, certificateFile, guardSecret, locations } = options;
  const folder = temporaryFolder('nginx-');
  if (guardSecret !== undefined) {
    writeFileSync(join(folder, 'andamio-guard-secret.conf'), `default "${guardSecret}";\n`, {
      mode: 0o600,
    });
  }
  const port = await freePort();
  for (const name of ['apikey-http.conf', 'apikey.conf']) {
    const shipped = readFileSync(new URL(`../../nginx/${name}`, import.meta.url), 'utf8');
    const adapted = shipped
      .replace(`${publishedHost}:443`, `127.0.0.1:${servicePort}`)
      .replace('/etc/ssl/certs/ca-certificates.crt', certificateFile)
      .replace('/etc/nginx/', `${folder}/`);
    writeFileSync(join(folder, name), adapted);
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
     master_process off;
     pid nginx.pid;
     error_log stderr warn;
     events {}
     http {
       access_log off;
       ${temporary.map((name) => `${name}_temp_path ${name};`).join(' ')}
       include apikey-http.conf;
       server {
         listen 127.0.0.1:${port};
         include apikey.conf;
         ${locations}
       }
     }`,
  );
  const url = `http://127.0.0.1:${port}`;
  await startProxy({
    name: 'nginx',
    command: nginx as string,
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'],
    readyUrl: `${url}/_apikey/verify`,
  });
  return url;
}
