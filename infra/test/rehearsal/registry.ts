import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@andamio/testing/wait-for';

/**
 * Starts an image registry (Debian's docker-registry) on loopback. It runs until the rehearsal
 * ends.
 *
 * @param folder the folder in which the registry stores images
 * @throws if the registry exits before it accepts requests
 */
export async function startRegistry(
  folder: string,
  port: number,
): Promise<{ readonly address: string }> {
  const address = `127.0.0.1:${port}`;
  const files = join(folder, 'registry');
  mkdirSync(files, { recursive: true });
  const settings = join(folder, 'registry.yml');
  writeFileSync(
    settings,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${files} }, delete: { enabled: true } }\nhttp: { addr: "${address}" }\n`,
  );
  const child = spawn('docker-registry', ['serve', settings], { stdio: 'ignore' });
  await waitFor('the registry to answer', async () => {
    if (child.exitCode !== null)
      throw new Error(`docker-registry ended with exit code ${child.exitCode}.`);
    return fetch(`http://${address}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return { address };
}
