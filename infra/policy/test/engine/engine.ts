import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalWorkspace, type PulumiFn, type Stack } from '@pulumi/pulumi/automation/index.js';

/** Path of the policy pack, for the option `--policy-pack`. */
export const pack = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Name of the program that runs a policy pack. Pulumi's CLI normally includes this program.
 * Otherwise, tests use a replacement from the SDK.
 */
const analyzer = 'pulumi-analyzer-policy-nodejs';

async function pathWithAnalyzer(folder: string): Promise<string> {
  const path = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)];
  if (path.some((entry) => existsSync(join(entry, analyzer)))) return path.join(delimiter);
  const program = createRequire(import.meta.url).resolve(
    '@pulumi/pulumi/cmd/run-policy-pack/index.js',
  );
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin', analyzer), `#!/bin/sh\nexec node '${program}' "$@"\n`, {
    mode: 0o755,
  });
  return [join(folder, 'bin'), ...path].join(delimiter);
}

async function startProvider(): Promise<{ port: string; process: ChildProcess }> {
  const started = spawn(
    process.execPath,
    [fileURLToPath(new URL('provider.ts', import.meta.url))],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [port] = (await once(started.stdout, 'data')) as [Buffer];
  return { port: port.toString().trim(), process: started };
}

/** Pulumi's engine with a temporary state folder and a fake provider. */
export interface Engine {
  stack(name: string, program: PulumiFn): Promise<Stack>;
  stop(): Promise<void>;
}

export async function startEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'policy-'));
  const [path, provider] = await Promise.all([pathWithAnalyzer(folder), startProvider()]);
  const envVars = {
    PATH: path,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: 'of a stack that nobody keeps',
    PULUMI_DEBUG_PROVIDERS: `gcp:${provider.port}`,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  return {
    // Each test has its own project, so it starts with an empty stack.
    stack: (stackName, program) =>
      LocalWorkspace.createOrSelectStack(
        { stackName, projectName: `policy-${crypto.randomUUID()}`, program },
        { envVars },
      ),
    stop: async () => {
      provider.process.kill();
      await rm(folder, { recursive: true });
    },
  };
}
