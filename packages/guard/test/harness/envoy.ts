import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithFile } from '../../../../apps/api/test/harness/end-with-file.ts';
import { freePort } from '../../../../apps/api/test/harness/free-port.ts';
import { waitFor } from '../../../../apps/api/test/harness/wait-for.ts';
import { publishedHost } from './nginx.ts';

export interface EnvoyOptions {
  /** Port on 127.0.0.1 of the service, in place of port 443 of the published host. */
  readonly servicePort: number;
  /** The trusted certificate of the service's connections. */
  readonly certificateFile: string;
  readonly guardSecret: string;
  readonly applicationPort: number;
}

/**
 * Starts Envoy with the shipped configuration, except for addresses, ports and the trusted
 * certificates. It stops after the test file.
 *
 * @returns the URL of Envoy.
 */
export async function startEnvoy(options: EnvoyOptions): Promise<string> {
  const { servicePort, certificateFile, guardSecret, applicationPort } = options;
  const folder = mkdtempSync(join(tmpdir(), 'envoy-'));
  const [port, verifyPort] = [await freePort(), await freePort()];
  const shipped = readFileSync(new URL('../../envoy/envoy.yaml', import.meta.url), 'utf8');
  const adapted = shipped
    .replace('address: 0.0.0.0, port_value: 8000', `address: 127.0.0.1, port_value: ${port}`)
    .replaceAll('port_value: 10001', `port_value: ${verifyPort}`)
    .replace('port_value: 8080', `port_value: ${applicationPort}`)
    .replace(`address: ${publishedHost}, port_value: 443`, `address: 127.0.0.1, port_value: ${servicePort}`)
    .replace('/etc/ssl/certs/ca-certificates.crt', certificateFile);
  const file = join(folder, 'envoy.yaml');
  writeFileSync(file, adapted);
  const args = ['-c', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];
  const child = spawn('envoy', args, {
    env: { PATH: process.env['PATH'], ANDAMIO_GUARD_SECRET: guardSecret },
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
  await waitFor('Envoy to answer', () => {
    if (child.exitCode !== null) throw new Error(`Envoy ended:\n${output}`);
    return fetch(url).then(
      () => true,
      () => false,
    );
  });
  return url;
}
