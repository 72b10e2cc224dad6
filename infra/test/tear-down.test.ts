import { describe, expect, test } from 'vitest';
import { engineIsHere } from './harness/requirements.ts';
import { image } from './harness/settings.ts';
import { cloud, configure, deployed, refusal, stackOf } from './harness/stack.ts';

describe.skipIf(!engineIsHere)('tear-down', () => {
  test('deletes all resources of a service except the subnetwork that Cloud Run holds, which the next run deletes', async () => {
    const { google } = await deployed('shared');
    const before = (await google.resources()).length;
    const stack = await stackOf(google, 'prod', { protect: 'false' });
    await stack.up();
    expect(await refusal(stack.destroy({ continueOnError: true }))).toContain('serverless-ipv4');
    const left = (await google.resources()).slice(before).map(({ type }) => type.split(':').at(-1));
    expect(left.sort()).toEqual(['Network', 'Subnetwork']);
    await google.pass(7200);
    await stack.destroy();
    expect(await google.resources()).toHaveLength(before);
  });

  test('deletes the images with the registry, so a service is deployed again with a new image', async () => {
    const { google, stack: shared } = await deployed('shared');
    const stack = await stackOf(google, 'preprod');
    await stack.up();
    await stack.destroy();
    await configure(shared, { protect: 'false' });
    await shared.up();
    await shared.destroy();
    await shared.up();
    await google.pass(300);
    const refused = await refusal(stack.up());
    expect(refused).toContain(`Image '${image('1')}' not found.`);
    expect(refused).toMatch(/^ +npx -y pnpm@12 image:push preprod$/m);
    await google.addImage(image('3'));
    await google.attest('documented-project', image('3'));
    await configure(stack, { image: image('3') });
    expect((await stack.up()).summary.result).toBe('succeeded');
  });

  test('a stack that builds its image says how to do so if the image in its settings is gone', async () => {
    const gone = `us-central1-docker.pkg.dev/my-project/andamio/api@sha256:${'4'.repeat(64)}`;
    const stack = await stackOf(await cloud(), 'dev', { image: gone });
    const [, key = ''] =
      /^ +npx -y pnpm@12 pulumi config rm (\S+) --stack dev$/m.exec(await refusal(stack.up())) ??
      [];
    await stack.removeConfig(key);
    expect((await stack.up()).summary.result).toBe('succeeded');
  });
});
