import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@andamio/testing/free-port';
import { publishedHost, startProxy, temporaryFolder } from './proxy.ts';
import { guardSecret, type Surroundings } from './proxy-contract.ts';

/**
 * Starts Envoy with the shipped configuration, except for addresses, ports and the trusted
 * certificates. It stops after the test file.
 *
 * @returns the URL of Envoy.
 */
export async function startEnvoy({
  servicePort,
  certificateFile,
  applicationPort,
}: Surroundings): Promise<string> {
  const folder = temporaryFolder('envoy-');
  const [port, verifyPort] = [await freePort(), await freePort()];
  const shipped = readFileSync(new URL('../../envoy/envoy.yaml', import.meta.url), 'utf8');
  const adapted = shipped
    .replace('address: 0.0.0.0, port_value: 8000', `address: 127.0.0.1, port_value: ${port}`)
    .replaceAll('port_value: 10001', `port_value: ${verifyPort}`)
    .replace('port_value: 8080', `port_value: ${applicationPort}`)
    .replace(
      `address: ${publishedHost}, port_value: 443`,
      `address: 127.0.0.1, port_value: ${servicePort}`,
    )
    .replace('/etc/ssl/certs/ca-certificates.crt', certificateFile);
  const file = join(folder, 'envoy.yaml');
  writeFileSync(file, adapted);
  const args = ['-c', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];
  const url = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env['PATH'], ANDAMIO_GUARD_SECRET: guardSecret };
  await startProxy({ name: 'Envoy', command: 'envoy', args, env, readyUrl: url });
  return url;
}
