import { cpSync, globSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Google } from './google/client.ts';
import { repository, startScript } from './harness/scripts.ts';
import { image } from './harness/settings.ts';
import { type Deployed, deployed, describeByDriver } from './harness/stack.ts';

const service = 'gcp:cloudrunv2/service:Service';

/** Returns the image and the traffic of the deployed service. */
async function runningIn(google: Google): Promise<unknown> {
  const { inputs } = (await google.resources()).find(({ type }) => type === service) ?? {};
  const { template, traffics } = inputs as {
    template: { containers: { image: string }[] };
    traffics: { percent: number; revision?: string; type: string }[];
  };
  const [all] = traffics.filter(({ percent }) => percent === 100);
  return [template.containers[0]?.image, all?.revision ?? all?.type];
}

/** Creates a checkout with the pipeline's scripts, in the folder of a deployed stack. */
async function checkout({ google, stack }: Deployed) {
  const { workDir, envVars } = stack.workspace;
  cpSync(join(repository, 'infra/scripts'), join(workDir, 'scripts'), { recursive: true });
  symlinkSync(join(repository, 'infra/policy'), join(workDir, 'policy'));
  const url = await google.restUrl();
  const env = {
    ...envVars,
    SMOKE_TOKEN_COMMAND: 'echo token',
    SMOKE_TIMEOUT_SECONDS: '5',
    GOOGLE_OAUTH_ACCESS_TOKEN: 'a-token-of-the-tests',
    GOOGLE_BINARY_AUTHORIZATION_CUSTOM_ENDPOINT: `${url}v1/`,
    GOOGLE_CONTAINER_ANALYSIS_CUSTOM_ENDPOINT: `${url}v1beta1/`,
  };
  return {
    release(what: string) {
      const path = join(workDir, 'scripts/release.ts');
      const started = startScript(path, [stack.name, what], env as Record<string, string>);
      let printed = '';
      for (const stream of [started.child.stdout, started.child.stderr])
        stream?.on('data', (chunk: Buffer) => (printed += chunk));
      onTestFinished(() => void started.child.kill('SIGKILL'));
      return { ...started, printed: () => printed };
    },
    /** Returns the paths of the stack's locks. */
    locks: () => globSync(`.pulumi/locks/**/${stack.name}/*.json`, { cwd: workDir }),
  };
}

describeByDriver('a recovery', () => {
  test('waits for the update of a release that was killed, and then rolls it back', async () => {
    const started = await deployed('preprod');
    const { google } = started;
    const { release, locks } = await checkout(started);
    await google.fail({
      type: service,
      operation: 'update',
      kind: 'delay',
      milliseconds: 600_000,
      times: 1,
    });
    const killed = release(image('2'));
    await expect.poll(() => google.waiting()).toBe(1);
    // A canceled job signals the script, kills it, and starts the next step:
    // https://docs.github.com/en/actions/reference/workflow-cancellation-reference
    killed.child.kill('SIGINT');
    await expect.poll(killed.printed).toContain('cancelling');
    killed.child.kill('SIGKILL');
    const [lock] = locks();
    expect(lock).toBeDefined();

    const recovery = release('--recover');
    await expect.poll(recovery.printed).toContain('Waiting');
    expect(locks()).toEqual([lock]);
    expect(await google.goOn()).toBe(1);
    const { code, stdout } = await recovery.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${image('1')} receives all`)]);
    expect(await runningIn(google)).toEqual([image('1'), 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST']);
    expect(locks()).toEqual([]);
  });
}, ['literal']);
