import assert from 'node:assert/strict';
import { join } from 'node:path';
import { documentedCommands } from '../documented-commands.ts';
import type { Surroundings } from '../surroundings.ts';
import { assertUnchanged, type Workplace } from '../workplace.ts';

const document = join(import.meta.dirname, '../../../../docs/deploy.md');

/**
 * Rehearses a new user's project: creates, updates and destroys one stack, and creates it again.
 */
export async function ownProject(work: Workplace, { google }: Surroundings): Promise<void> {
  const stranger = work.typist('dev');
  const ofStranger = async () =>
    (await google.resources())
      .filter(({ inputs }) => inputs['project'] === 'my-project')
      .map(({ type }) => type);

  await stranger.step(
    'Deploy by the five commands of docs/deploy.md, and request a key',
    async () => {
      const commands = documentedCommands(document, 'A project of your own');
      assert.ok(commands.length <= 5, 'README promises five commands.');
      let printed = '';
      for (const command of commands) printed = await stranger.run(command);
      assert.match(printed, /"api_key": "ant-/);
    },
  );

  await stranger.step('Update again: nothing changes', async () => {
    assertUnchanged(await stranger.pulumi('up --yes --skip-preview', 'dev'));
  });

  await stranger.step('Tear down, and deploy again', async () => {
    const [destroy] = documentedCommands(document, 'Tear down your own project') as [string];
    await stranger.run(destroy);
    assert.deepEqual(await ofStranger(), []);
    await google.pass(5 * 60);
    await stranger.pulumi('up --yes --skip-preview', 'dev');
    const request = `'${process.execPath}' infra/scripts/request-key.ts dev`;
    assert.match(await stranger.run(request), /"api_key": "ant-/);
  });

  await stranger.step('Run only attested images', async () => {
    for (const command of documentedCommands(document, 'Run only attested images'))
      await stranger.run(command);
    const [service] = (await google.resources()).filter(
      ({ type, inputs }) =>
        type === 'gcp:cloudrunv2/service:Service' && inputs['project'] === 'my-project',
    );
    assert.deepEqual(service?.inputs['binaryAuthorization'], { useDefault: true });
  });

  await stranger.step('Accept the tokens of an own issuer', async () => {
    let printed = '';
    for (const command of documentedCommands(document, 'Your own issuer'))
      printed = await stranger.run(command);
    assert.match(printed, /~ 2 updated/);
  });
}
