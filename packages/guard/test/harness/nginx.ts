import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithFile } from '../../../../apps/api/test/harness/end-with-file.ts';
import { freePort } from '../../../../apps/api/test/harness/free-port.ts';
import { waitFor } from '../../../../apps/api/test/harness/wait-for.ts';
import { nginx } from './requirements.ts';

/** The host in the shipped configuration. */
export const publishedHost = 'andamio-api-308006323670.us-central1.run.app';

/** Creates a self-signed certificate for the published host. */
export function makeCertificate(): { readonly file: string; readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const file = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=test', '-addext', `subjectAltName=DNS:${publishedHost}`, '-keyout', keyFile, '-out', file],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  endWithFile(() => rmSync(folder, { recursive: true }));
  return { file, key: readFileSync(keyFile), cert: readFileSync(file) };
}

export interface NginxOptions {
  /** Port on 127.0.0.1 of the service, in place of port 443 of the published host. */
  readonly servicePort: number;
  /** The trusted certificate of the service's connections. */
  readonly certificateFile: string;
  /** Content of the file with the guard's secret; no file by default. */
  readonly guardSecret?: string;
  /** Configuration after the include in `server { }`. */
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
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  if (guardSecret !== undefined) {
    writeFileSync(join(folder, 'andamio-guard-secret.conf'), `default "${guardSecret}";\n`, { mode: 0o600 });
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
  const child = spawn(nginx as string, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  endWithFile(async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor('nginx to answer', () => {
    if (child.exitCode !== null) throw new Error(`nginx ended:\n${output}`);
    return fetch(`${url}/_apikey/verify`).then(
      () => true,
      () => false,
    );
  });
  return url;
}
