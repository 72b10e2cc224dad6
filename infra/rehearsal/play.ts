// node rehearsal/play.ts FOLDER LOG: the rehearsal itself, in the enclosure that main.ts puts it into.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startEmulator } from '../../apps/api/test/harness/emulator.ts';
import { freePort } from '../../apps/api/test/harness/free-port.ts';
import { type Google, startGoogle } from '../test/google/client.ts';
import { gcloudEnvironment } from '../test/google/gcloud.ts';
import { endWithParent } from './enclosure.ts';
import { certificateFile, proxyFile } from './front.ts';
import { Images } from './images.ts';
import { readmeCommands } from './readme-commands.ts';
import { startRegistry } from './registry.ts';
import { pushRelease, type Release } from './releases.ts';
import { Report } from './report.ts';
import { Workplace } from './workplace.ts';

const repository = join(import.meta.dirname, '../..');
const bundle = join(repository, 'apps/api/dist');
const host = 'https://andamio-api-308006323670.us-central1.run.app';
const node = `'${process.execPath}'`;

/** Starts what stands around the service: a registry, a Firestore and a Google, on loopback. */
async function startSurroundings(work: Workplace): Promise<{ readonly registry: string; readonly google: Google }> {
  const [{ address: registry }, emulator] = await Promise.all([
    startRegistry(work.folder, await freePort()),
    startEmulator(),
  ]);
  const google = await startGoogle({
    args: ['--machinery', join(import.meta.dirname, 'machinery.ts')],
    env: {
      FIRESTORE_EMULATOR_HOST: emulator.host,
      REHEARSAL_REGISTRY: registry,
      REHEARSAL_BUNDLE: bundle,
      REHEARSAL_CERTIFICATES: work.folder,
    },
  });
  return { registry, google };
}

async function rehearse(folder: string, report: Report): Promise<void> {
  const work = new Workplace(folder, report, {
    SMOKE_TOKEN_COMMAND: `${node} '${join(import.meta.dirname, 'token.ts')}'`,
    ISSUER: 'https://issuer.example',
    AUDIENCE: host,
    SMOKE_TIMEOUT_SECONDS: '10',
  });
  const images = new Images();
  await work.build();
  const { registry, google } = await report.step('', 'Start a registry, Firestore and Google on loopback', () =>
    startSurroundings(work),
  );
  Object.assign(work.environment, await gcloudEnvironment(google, join(work.folder, 'gcloud')));
  work.environment['PULUMI_DEBUG_PROVIDERS'] = `gcp:${google.port},docker-build:${google.port}`;
  const owner = work.typist('prod');

  await owner.step('Deploy by the documented commands', async () => {
    for (const command of readmeCommands(repository, 'Deploy')) await owner.run(command);
  });
  owner.environment['ISSUER_SECRET'] = owner.secret('documented-project', 'andamio-api-jwt-secrets');
  // The documented host leads to this machine, for the script that calls it alone.
  const calling = [
    `HTTPS_PROXY=${work.read(proxyFile)}`,
    `NODE_EXTRA_CA_CERTS='${join(work.folder, certificateFile)}'`,
    'NODE_USE_ENV_PROXY=1 NO_PROXY=127.0.0.1,localhost',
  ].join(' ');
  const releaseTo = (image: string) => `${calling} ${node} infra/scripts/release.ts prod ${image}`;
  assert.equal(owner.output('prod', 'host'), host);
  const first = owner.output('prod', 'image');
  const registryAddress = owner.output('prod', 'registry');

  const release = async (kind: Release) => {
    const destination = registryAddress.replace(/^[^/]+/, registry);
    return `${registryAddress}/api@${await pushRelease(images, kind, bundle, `${destination}/api:${kind}`)}`;
  };

  await owner.step('The deployed service issues a key', () => owner.run(releaseTo(first)));

  const second = await owner.step('Release a new image', async () => {
    const image = await release('good');
    await owner.run(releaseTo(image));
    assert.equal(owner.output('prod', 'image'), image);
    return image;
  });

  for (const kind of ['broken', 'hanging', 'useless'] as const) {
    await owner.step(`Release an image that is ${kind}: it rolls back`, async () => {
      const printed = await owner.refused(releaseTo(await release(kind)));
      assert.match(printed, /Going back to/);
      assert.equal(owner.output('prod', 'image'), second);
    });
  }

  await owner.step('Release with another change: it is refused', async () => {
    await owner.run('npx -y pnpm@12 pulumi config set andamio:maxInstances 11 --stack prod');
    const beyond = await owner.refused(releaseTo(first));
    assert.match(beyond, /a person has to apply it/);
    await owner.run('npx -y pnpm@12 pulumi config set andamio:maxInstances 10 --stack prod');
  });

  await owner.step('Drift: none, then found and corrected', async () => {
    await owner.run(`${node} infra/scripts/drift.ts prod`);
    await google.change('projects/documented-project/locations/us-central1/services/andamio-api', {
      invokerIamDisabled: false,
    });
    assert.match(await owner.refused(`${node} infra/scripts/drift.ts prod`), /invokerIamDisabled/);
    await owner.run('npx -y pnpm@12 pulumi up --refresh --yes --stack prod');
  });

  await owner.step('Preview a pull request', async () => {
    assert.match(await owner.run(`${node} infra/scripts/preview.ts prod`), /Nothing changes/);
  });

  await owner.step('Rotate a pepper in two updates', async () => {
    await owner.run('npx -y pnpm@12 secrets:generate prod --add-pepper');
    const early = await owner.refused('npx -y pnpm@12 secrets:generate prod --promote-pepper');
    assert.match(early, /not deployed everywhere yet/);
    await owner.run('npx -y pnpm@12 pulumi up --yes --stack prod');
    await owner.run('npx -y pnpm@12 secrets:generate prod --promote-pepper');
    await owner.run('npx -y pnpm@12 pulumi up --yes --stack prod');
    await owner.run(releaseTo(second));
  });

  await owner.step('Finish an `up` that was killed', async () => {
    await owner.run('npx -y pnpm@12 pulumi config set andamio:concurrency 81 --stack prod');
    const service = 'gcp:cloudrunv2/service:Service';
    await google.fail({ type: service, operation: 'update', kind: 'delay', milliseconds: 20_000, times: 1 });
    await owner.refused('timeout --signal=KILL 10 npx -y pnpm@12 pulumi up --yes --skip-preview --stack prod');
    await owner.run('npx -y pnpm@12 pulumi cancel --yes --stack prod');
    await owner.run('npx -y pnpm@12 pulumi up --yes --stack prod');
  });

  await owner.step('Tear down: refused until protection is off', async () => {
    assert.match(await owner.refused('npx -y pnpm@12 pulumi destroy --yes --stack prod'), /protected/);
    for (const command of readmeCommands(repository, 'Tear down')) await owner.run(command);
    const left = (await google.resources()).map(({ type }) => type);
    assert.deepEqual(left, []);
  });
}

endWithParent();
const [folder, log] = process.argv.slice(2) as [string, string];
const report = new Report(log);
try {
  await rehearse(folder, report);
  report.total();
} catch (error) {
  report.writer('')(`${(error as Error).stack}\n`);
  process.stderr.write(`\n${(error as Error).message}\n\n`);
  process.exitCode = 1;
}
process.exit();
