import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';

const certificateFile = 'certificate.pem';

/** The host of Artifact Registry in the region. */
export const registryHost = 'us-central1-docker.pkg.dev';

/**
 * Mounts a hosts file over /etc/hosts, so that all programs of the rehearsal resolve the hosts of
 * the {@link Front}. It must be called once, in the mount namespace of an enclosure.
 */
export function useHostsOf(folder: string): void {
  const hosts = join(folder, 'hosts');
  copyFileSync('/etc/hosts', hosts);
  execFileSync('mount', ['--bind', hosts, '/etc/hosts']);
}

/**
 * Returns the environment variables that make programs trust the front end's certificate in
 * addition to their default CAs.
 */
export function trustingFront(folder: string): Record<string, string> {
  const authorities = '/etc/ssl/certs/ca-certificates.crt';
  const variables = {
    // Node.js adds these certificates to its own CAs. Go and curl use only these certificates.
    NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS'],
    SSL_CERT_FILE: process.env['SSL_CERT_FILE'] ?? authorities,
    CURL_CA_BUNDLE: process.env['CURL_CA_BUNDLE'] ?? authorities,
  };
  const entries = Object.entries(variables).map(([name, others]) => {
    const files = [
      join(folder, certificateFile),
      ...(others && existsSync(others) ? [others] : []),
    ];
    const bundle = join(folder, `${name.toLowerCase()}.pem`);
    writeFileSync(bundle, files.map((file) => readFileSync(file, 'utf8')).join('\n'));
    return [name, bundle];
  });
  return Object.fromEntries(entries);
}

/**
 * Creates a TLS key and a self-signed certificate for the hosts of Cloud Run and Artifact Registry
 * in one region. The certificate is valid for one day.
 */
function certificate(folder: string): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, certificateFile)];
  if (!existsSync(cert)) {
    const names = `subjectAltName=DNS:*.us-central1.run.app,DNS:${registryHost}`;
    const options = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '1',
    ];
    const output = ['-subj', '/CN=rehearsal', '-addext', names, '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', ...options, ...output], { stdio: 'ignore' });
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/**
 * A local replacement for Google's front end. It terminates TLS for Cloud Run and Artifact
 * Registry, on port 443 of a loopback address.
 */
export interface Front {
  /** Routes requests for a host to a port on 127.0.0.1. */
  route(host: string, port: number): void;
}

/**
 * Starts a front end.
 *
 * @param folder the folder for the certificate and for the hosts file of {@link useHostsOf}
 */
export async function startFront(folder: string): Promise<Front> {
  const routes = new Map<string, number>();
  const server = createServer(certificate(folder), (incoming, outgoing) => {
    const port = routes.get((incoming.headers.host ?? '').replace(/:443$/, ''));
    if (port === undefined) {
      outgoing.writeHead(404).end();
      return;
    }
    const headers = {
      ...incoming.headers,
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-proto': 'https',
    };
    const { method, url } = incoming;
    const inner = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    inner.once('error', () => outgoing.destroy());
    incoming.pipe(inner);
  });
  // The address is random because another rehearsal may run at the same time.
  const address = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
  server.listen(443, address);
  await once(server, 'listening');
  return {
    route(host, port) {
      if (!routes.has(host)) appendFileSync(join(folder, 'hosts'), `${address} ${host}\n`);
      routes.set(host, port);
    },
  };
}
