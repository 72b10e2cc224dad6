import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A server certificate, its private key, and the certificate of the CA that signed it, all in PEM
 * format.
 */
export interface Certificates {
  /** Path of the server certificate. */
  readonly certificate: string;
  /** Path of the private key. */
  readonly key: string;
  /** The CA certificate as PEM text, not a path. */
  readonly ca: string;
}

const openssl = (folder: string, ...options: string[]) =>
  execFileSync('openssl', options, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });

/**
 * Creates a CA, and a server certificate signed by it.
 *
 * @param names the certificate's subjectAltName, in OpenSSL syntax
 */
export function makeCertificates(names = 'IP:127.0.0.1'): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    folder,
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=test CA',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  openssl(
    folder,
    'req',
    ...newKey,
    '-subj',
    '/CN=test server',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
  );
  writeFileSync(join(folder, 'names'), `subjectAltName=${names}`);
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl(folder, 'x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.pem');
  return {
    certificate: join(folder, 'server.pem'),
    key: join(folder, 'server.key'),
    ca: readFileSync(join(folder, 'ca.pem'), 'utf8'),
  };
}
