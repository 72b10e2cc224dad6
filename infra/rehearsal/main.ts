// pnpm rehearse: from nothing to a service that issues keys at the documented host, a second release, two bad ones that go back by
// themselves, a change that is a person's, drift, and the end: by README's commands and the pipeline's scripts, on this machine
// alone. Google is the stand-in of the tests; what it starts are the real images.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEmulator } from '../../apps/api/test/harness/emulator.ts';
import { freePort } from '../../apps/api/test/harness/free-port.ts';
import { startGoogle } from '../test/google/client.ts';
import { gcloudEnvironment } from '../test/google/gcloud.ts';
import { certificateFile, proxyFile } from './front.ts';
import { Images } from './images.ts';
import { readmeCommands } from './readme-commands.ts';
import { startRegistry } from './registry.ts';
import { pushRelease, type Release } from './releases.ts';
import { Workplace } from './workplace.ts';

const repository = join(import.meta.dirname, '../..');
const bundle = join(repository, 'apps/api/dist');
const host = 'https://andamio-api-308006323670.us-central1.run.app';
const undo: (() => Promise<void> | void)[] = [];

function step(title: string): void {
  process.stdout.write(`\n== ${title}\n`);
}

async function rehearse(): Promise<void> {
  const work = new Workplace({
    SMOKE_TOKEN_COMMAND: `'${process.execPath}' '${join(import.meta.dirname, 'token.ts')}'`,
    ISSUER: 'https://issuer.example',
    AUDIENCE: host,
    SMOKE_TIMEOUT_SECONDS: '10',
  });
  undo.push(() => rmSync(work.folder, { recursive: true, force: true }));
  const images = new Images();
  undo.push(() => images.remove());

  step('A registry, a Firestore and a Google on loopback');
  const registry = await startRegistry(work.folder, await freePort());
  undo.push(registry.stop);
  const emulator = await startEmulator();
  undo.push(emulator.stop);
  const google = await startGoogle({
    args: ['--machinery', join(import.meta.dirname, 'machinery.ts')],
    env: {
      FIRESTORE_EMULATOR_HOST: emulator.host,
      REHEARSAL_REGISTRY: registry.address,
      REHEARSAL_BUNDLE: bundle,
      REHEARSAL_CERTIFICATES: work.folder,
    },
  });
  undo.push(google.stop);
  Object.assign(work.environment, await gcloudEnvironment(google, join(work.folder, 'gcloud')));
  work.environment['PULUMI_DEBUG_PROVIDERS'] = `gcp:${google.port},docker-build:${google.port}`;

  step("README's commands, as printed");
  for (const command of readmeCommands(repository, 'Deploy')) await work.run(command);
  work.environment['ISSUER_SECRET'] = work.secret('prod', 'jwtSecrets');
  const node = `'${process.execPath}'`;
  // The documented host leads to this machine, for the script that calls it and for nobody else.
  const calling = [
    `HTTPS_PROXY=${work.read(proxyFile)}`,
    `NODE_EXTRA_CA_CERTS='${join(work.folder, certificateFile)}'`,
    'NODE_USE_ENV_PROXY=1 NO_PROXY=127.0.0.1,localhost',
  ].join(' ');
  const releaseTo = (image: string) => `${calling} ${node} infra/scripts/release.ts prod ${image}`;
  assert.equal(work.output('prod', 'host'), host);
  const first = work.output('prod', 'image');
  const registryAddress = work.output('prod', 'registry');

  const release = async (kind: Release) => {
    const destination = registryAddress.replace(/^[^/]+/, registry.address);
    return `${registryAddress}/api@${await pushRelease(images, kind, bundle, `${destination}/api:${kind}`)}`;
  };

  step('The service that was deployed issues a key');
  await work.run(releaseTo(first));

  step('A second release');
  const second = await release('good');
  await work.run(releaseTo(second));
  assert.equal(work.output('prod', 'image'), second);

  for (const kind of ['broken', 'hanging', 'useless'] as const) {
    step(`A ${kind} release goes back by itself`);
    const printed = await work.refused(releaseTo(await release(kind)));
    assert.match(printed, /Going back to/);
    assert.equal(work.output('prod', 'image'), second);
  }

  step('What is more than a release is refused in the pipeline');
  await work.run('npx -y pnpm@12 pulumi config set andamio:maxInstances 11 --stack prod');
  const beyond = await work.refused(releaseTo(first));
  assert.match(beyond, /a person has to apply it/);
  await work.run('npx -y pnpm@12 pulumi config set andamio:maxInstances 10 --stack prod');

  step('Drift: none, then some, found and set right');
  await work.run(`${node} infra/scripts/drift.ts prod`);
  await google.change('projects/documented-project/locations/us-central1/services/andamio-api', {
    invokerIamDisabled: false,
  });
  assert.match(await work.refused(`${node} infra/scripts/drift.ts prod`), /invokerIamDisabled/);
  await work.run('npx -y pnpm@12 pulumi up --refresh --yes --stack prod');

  step("A pull request's preview reads the state and decrypts nothing");
  const { PULUMI_CONFIG_PASSPHRASE: passphrase } = work.environment;
  delete work.environment['PULUMI_CONFIG_PASSPHRASE'];
  assert.match(await work.run(`${node} infra/scripts/preview.ts prod`), /Nothing changes/);
  work.environment['PULUMI_CONFIG_PASSPHRASE'] = passphrase as string;

  step('A pepper is rotated in two updates');
  await work.run('npx -y pnpm@12 secrets:generate prod --add-pepper');
  assert.match(
    await work.refused('npx -y pnpm@12 secrets:generate prod --promote-pepper'),
    /not deployed everywhere yet/,
  );
  await work.run('npx -y pnpm@12 pulumi up --yes --stack prod');
  await work.run('npx -y pnpm@12 secrets:generate prod --promote-pepper');
  await work.run('npx -y pnpm@12 pulumi up --yes --stack prod');
  await work.run(releaseTo(second));

  step('An `up` that was killed is finished by the next');
  await work.run('npx -y pnpm@12 pulumi config set andamio:concurrency 81 --stack prod');
  const service = 'gcp:cloudrunv2/service:Service';
  await google.fail({ type: service, operation: 'update', kind: 'delay', milliseconds: 20_000, times: 1 });
  await work.refused('timeout --signal=KILL 10 npx -y pnpm@12 pulumi up --yes --skip-preview --stack prod');
  await work.run('npx -y pnpm@12 pulumi cancel --yes --stack prod');
  await work.run('npx -y pnpm@12 pulumi up --yes --stack prod');

  step('The end: refused, until protection is off');
  assert.match(await work.refused('npx -y pnpm@12 pulumi destroy --yes --stack prod'), /protected/);
  for (const command of readmeCommands(repository, 'Tear down')) await work.run(command);
  const left = (await google.resources()).map(({ type }) => type);
  assert.deepEqual(left, []);
}

try {
  await rehearse();
  process.stdout.write('\nThe rehearsal went through.\n');
} catch (error) {
  process.stderr.write(`\n${(error as Error).stack}\n`);
  process.exitCode = 1;
} finally {
  for (const action of undo.reverse()) await action();
}
