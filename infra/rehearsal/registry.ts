import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A registry of images on loopback (Debian's docker-registry). */
export async function startRegistry(
  folder: string,
  port: number,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const address = `127.0.0.1:${port}`;
  const files = join(folder, 'registry');
  mkdirSync(files, { recursive: true });
  const settings = join(folder, 'registry.yml');
  writeFileSync(
    settings,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${files} }, delete: { enabled: true } }\nhttp: { addr: "${address}" }\n`,
  );
  const child = spawn('docker-registry', ['serve', settings], { stdio: 'ignore' });
  for (let attempt = 0; ; attempt++) {
    const answers = await fetch(`http://${address}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) break;
    if (attempt > 100) throw new Error('The registry does not answer.');
    await setTimeout(100);
  }
  return {
    address,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
