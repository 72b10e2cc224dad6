import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseSettings } from '@andamio/schema/settings';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Google, startGoogle } from './google/client.ts';
import { gcloudEnvironment } from './google/gcloud.ts';
import { engineIsHere, gcloudIsHere } from './harness/requirements.ts';
import { refusal, stackOf, temporaryFolder } from './harness/stack.ts';
import { filesIn } from './rehearsal/secret-search.ts';

const programFolder = join(import.meta.dirname, '..');
const peppers = 'projects/my-project/secrets/andamio-api-key-peppers';
const jwtSecrets = 'projects/my-project/secrets/andamio-api-jwt-secrets';

async function runs(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code: code as number, said: `${stdout}${stderr}` };
}

/**
 * Creates an operator's machine: a checkout with the stack dev, and wrappers of the gcloud and
 * Pulumi CLIs that log their arguments and environment.
 */
async function operator(google: Google) {
  const folder = temporaryFolder();
  const checkout = join(folder, 'infra');
  mkdirSync(checkout);
  for (const path of ['scripts', 'settings', 'package.json', 'Pulumi.yaml', 'Pulumi.dev.yaml'])
    cpSync(join(programFolder, path), join(checkout, path), { recursive: true });
  symlinkSync(join(programFolder, 'node_modules'), join(checkout, 'node_modules'));
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  const given = join(folder, 'given');
  /**
   * Creates a wrapper on PATH. It logs its arguments and environment, runs a line of shell, and
   * then runs the real program.
   */
  const before = (name: string, line: string) => {
    const path = process.env['PATH'];
    writeFileSync(
      join(tools, name),
      `#!/bin/sh\n{ echo "$@"; env; } >> '${given}'\n${line}\nPATH='${path}' exec ${name} "$@"\n`,
    );
    chmodSync(join(tools, name), 0o755);
  };
  before('gcloud', '');
  before('pulumi', '');
  const env = {
    ...process.env,
    ...(await gcloudEnvironment(google, join(folder, 'gcloud'))),
    PATH: `${tools}:${process.env['PATH']}`,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: '',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  const pulumi = (...args: string[]) => runs('pulumi', args, { cwd: checkout, env });
  await pulumi('stack', 'init', 'dev', '--secrets-provider', 'passphrase', '--non-interactive');
  await pulumi('config', 'set', 'gcp:project', 'my-project', '--stack', 'dev');
  /** Writes the outputs of an update that deployed the given version of the peppers. */
  const deployed = async (keyPeppersVersion: number) => {
    const root = {
      urn: 'urn:pulumi:dev::andamio::pulumi:pulumi:Stack::andamio-dev',
      type: 'pulumi:pulumi:Stack',
      custom: false,
      outputs: { secretVersions: { keyPeppersVersion } },
    };
    const state = join(folder, 'state.json');
    writeFileSync(state, JSON.stringify({ version: 3, deployment: { resources: [root] } }));
    const { code, said } = await pulumi('stack', 'import', '--stack', 'dev', '--file', state);
    expect([code, said]).toEqual([0, expect.any(String)]);
  };
  return {
    before,
    deployed,
    folder,
    pulumi,
    set: (key: string, value: string) =>
      pulumi('config', 'set', `andamio:${key}`, value, '--stack', 'dev'),
    run: (...args: string[]) =>
      runs(process.execPath, [join(checkout, 'scripts/generate-secrets.ts'), 'dev', ...args], {
        cwd: folder,
        env,
      }),
    /** Returns the version number in the stack's file. */
    pinned: (key = 'keyPeppersVersion') =>
      new RegExp(`andamio:${key}: "?(\\d+)`).exec(
        readFileSync(join(checkout, 'Pulumi.dev.yaml'), 'utf8'),
      )?.[1],
    /**
     * Returns the contents of all files on the operator's machine, including the state and the
     * CLIs' logs.
     */
    files: () =>
      filesIn(folder)
        .map((path) => readFileSync(path, 'utf8'))
        .join('\n'),
  };
}

async function cloud(): Promise<Google> {
  const google = await startGoogle();
  onTestFinished(() => google.stop());
  return google;
}

/**
 * Returns the names of the peppers in one version of the `KEY_PEPPERS` secret in Secret Manager.
 */
async function namesIn(google: Google, version: number): Promise<string[]> {
  const line = (await google.secretValue(`${peppers}/versions/${version}`)) ?? '';
  expect(parseSettings({ KEY_PEPPERS: line }).ok).toBe(true);
  return line.split(',').map((pepper) => pepper.slice(0, pepper.indexOf(':')));
}

const enabledVersions = async (google: Google) =>
  (await google.enabledSecretVersions())
    .filter((name) => name.startsWith(peppers))
    .map((name) => name.split('/').at(-1));

describe.skipIf(!engineIsHere || !gcloudIsHere)('secrets:generate, with the real CLIs', () => {
  test('creates the secrets and sets their version numbers without exposing a value', async () => {
    const google = await cloud();
    const { run, pinned, files } = await operator(google);
    const { code, said } = await run();
    expect([code, said]).toEqual([
      0,
      expect.stringContaining('andamio:keyPeppersVersion of dev is 1.'),
    ]);
    expect([pinned(), pinned('jwtSecretsVersion')]).toEqual(['1', '1']);
    const values = await Promise.all(
      [peppers, jwtSecrets].map((id) => google.secretValue(`${id}/versions/1`)),
    );
    expect(parseSettings({ KEY_PEPPERS: values[0], JWT_SECRETS: values[1] }).ok).toBe(true);

    const everything = files();
    expect(everything).toContain('versions add andamio-api-key-peppers --data-file=-');
    for (const value of values
      .flatMap((line) => line?.split(/[,:]/) ?? [])
      .filter(({ length }) => length > 20)) {
      expect(`${said}${everything}`.includes(value), 'a value was printed or stored').toBe(false);
    }
    // The second run finds that all secrets exist.
    expect((await run()).code).toBe(0);
    expect(await google.secretVersions()).toHaveLength(2);
  });

  test('creates deleted secrets again when it runs as a preview and its own error say', async () => {
    const google = await cloud();
    const { run, set, pulumi, deployed, pinned } = await operator(google);
    // The numbers of a service that was torn down, and whose secrets were deleted.
    const stack = await stackOf(google, 'dev', { guardSecretsVersion: '1' });
    for (const secret of ['keyPeppers', 'jwtSecrets', 'guardSecrets'])
      await set(`${secret}Version`, '4');
    const command = /^ +npx -y pnpm@12 secrets:generate dev$/m;
    expect(await refusal(stack.preview())).toMatch(command);
    expect((await run()).code).toBe(0);
    expect([pinned(), pinned('jwtSecretsVersion'), pinned('guardSecretsVersion')]).toEqual([
      '1',
      '1',
      '1',
    ]);
    await stack.preview();

    await google.deleteSecret(peppers);
    await deployed(1);
    const { code, said } = await run();
    expect(code).toBe(1);
    const [, removal = ''] = /^ {2}npx -y pnpm@12 pulumi (config rm .*)$/m.exec(said) ?? [];
    expect(said).toMatch(command);
    expect((await pulumi(...removal.split(' '))).code).toBe(0);
    expect((await run()).code).toBe(0);
    await stack.preview();
  });

  test('fails the later of two concurrent runs, which uses the version of the earlier when it is repeated', async () => {
    const google = await cloud();
    const first = await operator(google);
    expect((await first.run()).code).toBe(0);
    await first.deployed(1);
    const asked = join(first.folder, 'asked');
    const goOn = join(first.folder, 'go-on');
    first.before(
      'gcloud',
      `case "$*" in *'versions add'*) touch '${asked}'; until [ -e '${goOn}' ]; do sleep 0.1; done ;; esac`,
    );

    const late = first.run('--add-pepper');
    await expect.poll(() => existsSync(asked)).toBe(true);
    // Simulates a concurrent run of another operator that starts from the same version.
    const line = await google.secretValue(`${peppers}/versions/1`);
    await google.addSecretVersion(
      peppers,
      `${line},theirs:${Buffer.alloc(32, 2).toString('base64')}`,
    );
    writeFileSync(goOn, '');
    expect(await late).toMatchObject({
      code: 1,
      said: expect.stringContaining('Another run changed the secret'),
    });
    expect([first.pinned(), await enabledVersions(google)]).toEqual(['1', ['1', '2']]);

    expect((await first.run('--add-pepper')).code).toBe(0);
    expect([first.pinned(), await namesIn(google, 2)]).toEqual([
      '2',
      [expect.any(String), 'theirs'],
    ]);
  });

  test('changes nothing when a step is repeated before the update, and refuses it afterwards', async () => {
    const google = await cloud();
    const { run, deployed, pinned } = await operator(google);
    const pepper = (name: string) => `${name}:${Buffer.alloc(32, name).toString('base64')}`;
    await google.addSecretVersion(peppers, `${pepper('20250101')},${pepper('20260202')}`);
    await run();
    await deployed(1);
    expect((await run('--promote-pepper')).code).toBe(0);
    expect(await run('--promote-pepper')).toEqual({
      code: 0,
      said: expect.stringContaining('version 2 of the secret andamio-api-key-peppers is already'),
    });
    await deployed(2);
    const repeated = await run('--promote-pepper');
    expect(repeated).toEqual({ code: 1, said: expect.stringContaining('is already the first') });
    expect(repeated.said).not.toContain('After the next update');
    expect([pinned(), await enabledVersions(google)]).toEqual(['2', ['1', '2']]);
  });
});
