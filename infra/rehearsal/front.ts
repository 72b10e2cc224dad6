import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';

/** Cloud Run's front end, of this machine: TLS for *.run.app, and a proxy by which its names are found. */
export interface Front {
  /** The port on loopback that answers for a host. */
  readonly routes: Map<string, number>;
}

/** The file in which the address of the proxy stands, for HTTPS_PROXY. */
export const proxyFile = 'proxy-address';

/** The certificate that whoever calls must trust, for NODE_EXTRA_CA_CERTS. */
export const certificateFile = 'certificate.pem';

/** Makes a key and a certificate for the addresses of a region, good for a day. */
function certificate(folder: string): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, certificateFile)];
  if (!existsSync(cert)) {
    const names = 'subjectAltName=DNS:*.us-central1.run.app';
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    execFileSync(
      'openssl',
      ['req', ...options, '-subj', '/CN=rehearsal', '-addext', names, '-keyout', key, '-out', cert],
      {
        stdio: 'ignore',
      },
    );
  }
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** Starts the front end on loopback, and leaves the address of its proxy in the folder. */
export async function startFront(folder: string): Promise<Front> {
  const routes = new Map<string, number>();
  const tls = createTlsServer(certificate(folder), (incoming, outgoing) => {
    const port = routes.get(incoming.headers.host ?? '');
    if (port === undefined) {
      outgoing.writeHead(404).end();
      return;
    }
    const headers = { ...incoming.headers, 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' };
    const { method, url } = incoming;
    const inner = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    inner.once('error', () => outgoing.destroy());
    incoming.pipe(inner);
  }).listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const proxy = createServer().on('connect', (_request, client, head) => {
    const server = connect((tls.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      server.write(head);
      server.pipe(client).pipe(server);
    });
    for (const socket of [server, client])
      socket.on('error', () => [server, client].forEach((each) => void each.destroy()));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  writeFileSync(join(folder, proxyFile), `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  return { routes };
}
