import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { findAvailable, works } from '@andamio/testing/requirements';
import { waitFor } from '@andamio/testing/wait-for';
import { describe, expect, test } from 'vitest';
import { targetOf } from '../src/targets/target.ts';
import { andamio, startAndamio, startService, temporaryFolder } from './harness/cli.ts';
import { type Received, relay, startServer } from './harness/front.ts';
import { usersOf } from './harness/users.ts';

const available = findAvailable({
  gcloud: () => (works('gcloud', '--version') ? undefined : 'gcloud (Google Cloud CLI)'),
});

const { url } = await startService();
const { environmentOf, keysOf } = usersOf(url);

describe('env:FILE', () => {
  test('keys create --to env:FILE sets the variable with mode 0600 and prints no key', async () => {
    const folder = temporaryFolder();
    const file = join(folder, '.env');
    await writeFile(file, Buffer.from('A=caf\xe9\nANT_API_KEY=old\n', 'latin1'), { mode: 0o644 });
    const { code, stdout, stderr } = await andamio(
      ['keys', 'create', 'CI key', '--to', `env:${file}`],
      {
        env: environmentOf('writer'),
      },
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const [key] = await keysOf('writer');
    expect(stderr).toContain(`Stored ${key?.start}… in env:${file}.`);
    expect(stderr).not.toMatch(/ant-\w{40}/);
    const text = await readFile(file, 'latin1');
    expect(text).toMatch(/^A=caf\xe9\nANT_API_KEY=ant-\w{40}\n$/);
    expect(text).toContain(key?.start);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['.env']);
  });

  test('keys roll --to env:FILE follows a symbolic link and replaces the key in its target', async () => {
    const folder = temporaryFolder();
    const env = environmentOf('roller');
    await symlink(join(folder, 'shared.env'), join(folder, '.env'));
    await andamio(['keys', 'create', 'app', '--to', `env:${join(folder, 'shared.env')}`], { env });
    const before = await readFile(join(folder, 'shared.env'), 'utf8');
    const { code, stdout } = await andamio(
      ['keys', 'roll', 'app', '--json', '--to', `env:${join(folder, '.env')}`],
      { env },
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'app', start: expect.any(String) });
    expect(stdout).not.toContain('api_key');
    const after = await readFile(join(folder, 'shared.env'), 'utf8');
    expect(after).toMatch(/^ANT_API_KEY=ant-\w{40}\n$/);
    expect(after).not.toBe(before);
  });

  test('keys create --to env:FILE creates the missing target of symbolic links', async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, 'project'));
    await mkdir(join(folder, 'secure'));
    await symlink('../first', join(folder, 'project', '.env'));
    await symlink('secure/real.env', join(folder, 'first'));
    const { code } = await andamio(
      ['keys', 'create', 'app', '--to', `env:${join(folder, 'project', '.env')}`],
      { env: environmentOf('linker') },
    );
    expect(code).toBe(0);
    expect(await readlink(join(folder, 'project', '.env'))).toBe('../first');
    expect(await readlink(join(folder, 'first'))).toBe('secure/real.env');
    const real = join(folder, 'secure', 'real.env');
    expect((await lstat(real)).mode & 0o777).toBe(0o600);
    expect(await readFile(real, 'utf8')).toMatch(/^ANT_API_KEY=ant-\w{40}\n$/);
    expect(await readdir(join(folder, 'project'))).toEqual(['.env']);
  });

  test.each([
    ['whose folder does not exist', 'none/real.env', 'ENOENT'],
    ['which is the link itself', '.env', 'ELOOP'],
  ])('a symbolic link to a file %s is refused before a key is created', async (_, to, reason) => {
    const folder = temporaryFolder();
    const file = join(folder, '.env');
    await symlink(to, file);
    const { code, stderr } = await andamio(['keys', 'create', 'app', '--to', `env:${file}`], {
      env: environmentOf('refused-link'),
    });
    expect({ code, stderr }).toEqual({
      code: 73,
      stderr: `${file} cannot be written (${reason}).\n`,
    });
    expect(await readlink(file)).toBe(to);
    expect(await readdir(folder)).toEqual(['.env']);
    expect(await keysOf('refused-link')).toEqual([]);
  });

  test.each([
    ['a folder that does not exist', 'none/.env', 'ENOENT'],
    ['a folder', '.', 'is not a regular file'],
    ['a device', '/dev/null', 'is not a regular file'],
  ])('%s as FILE is refused before a key is created', async (_, path, reason) => {
    const file = join(path.startsWith('/') ? '/' : temporaryFolder(), path);
    const { code, stdout, stderr } = await andamio(
      ['keys', 'create', 'app', '--to', `env:${file}`],
      {
        env: environmentOf('refused'),
      },
    );
    expect({ code, stdout }).toEqual({ code: 73, stdout: '' });
    expect(stderr).toContain(reason);
    expect(await keysOf('refused')).toEqual([]);
  });

  /**
   * Starts a proxy of the service that creates a folder in place of a file once a key is requested
   * or rolled. A file cannot replace the folder. Returns the proxy's URL.
   */
  async function obstructing(file: string): Promise<string> {
    const front = await startServer(async (received, response) => {
      if (/\/(request|roll)$/.test(received.path))
        await mkdir(join(file, 'folder'), { recursive: true });
      await relay(url, received, response);
    });
    return front.url;
  }

  test('a key that cannot be stored after it was created is deleted again', async () => {
    const folder = temporaryFolder();
    const file = join(folder, '.env');
    const { code, stdout, stderr } = await andamio(
      ['keys', 'create', 'unlucky', '--to', `env:${file}`, '--url', await obstructing(file)],
      { env: environmentOf('unlucky') },
    );
    expect({ code, stdout }).toEqual({ code: 73, stdout: '' });
    expect(stderr).toContain('The key unlucky was deleted again.');
    expect(await keysOf('unlucky')).toEqual([]);
    await rm(file, { recursive: true });
    expect(await readdir(folder), 'nothing remains beside the file').toEqual([]);
  });

  test('a new secret that cannot be stored is lost, and the command says how to get another', async () => {
    const file = join(temporaryFolder(), '.env');
    const env = environmentOf('unlucky-roller');
    await andamio(['keys', 'create', 'app'], { env });
    const { code, stdout, stderr } = await andamio(
      ['keys', 'roll', 'app', '--to', `env:${file}`, '--url', await obstructing(file)],
      { env },
    );
    expect({ code, stdout }).toEqual({ code: 73, stdout: '' });
    expect(stderr).toMatch(
      /\.env cannot be written \(\w+\)\.\nThe new secret is lost\. The previous secret is valid until .{16} UTC\. To get another secret, roll the key again; the previous one then expires at once\.\n$/,
    );
  });

  /**
   * Starts a proxy of the service that delays the answer to the request for a key or for a new secret
   * until `answer` is called.
   */
  async function slowFront() {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const front = await startServer(async (received, response) => {
      if (/\/(request|roll)$/.test(received.path)) {
        asked.resolve();
        await answered.promise;
      }
      await relay(url, received, response);
    });
    return { url: front.url, asked: asked.promise, answer: answered.resolve };
  }

  /** Interrupts a command that has requested a key, and lets the service answer afterwards. */
  async function interrupt(
    user: string,
    signal: NodeJS.Signals,
    args: readonly string[],
    verb = 'create',
  ) {
    const front = await slowFront();
    const run = startAndamio(['keys', verb, 'app', '--url', front.url, ...args], {
      env: environmentOf(user),
    });
    await front.asked;
    run.kill(signal);
    await waitFor('the note', async () => run.output().includes('Interrupted.'));
    return { ...front, run };
  }

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'after %s, a key that was requested is stored before the command ends',
    async (signal) => {
      const file = join(temporaryFolder(), '.env');
      const { run, answer } = await interrupt(`stopped-${signal}`, signal, ['--to', `env:${file}`]);
      answer();
      expect(await run.result).toMatchObject({ code: signal, stdout: '' });
      const [key] = await keysOf(`stopped-${signal}`);
      expect(await readFile(file, 'utf8')).toContain(`ANT_API_KEY=${key?.start}`);
    },
  );

  test('after SIGINT, a key that was requested is printed before the command ends', async () => {
    const { run, answer } = await interrupt('stopped-printing', 'SIGINT', []);
    answer();
    expect(await run.result).toMatchObject({
      code: 'SIGINT',
      stdout: expect.stringMatching(/^ant-\w{40}\n$/),
    });
  });

  test('a second SIGINT ends the command at once', async () => {
    const folder = temporaryFolder();
    const args = ['--to', `env:${join(folder, '.env')}`];
    const { run, answer } = await interrupt('stopped-twice', 'SIGINT', args);
    run.kill('SIGINT');
    expect(await run.result).toMatchObject({
      code: 'SIGINT',
      stdout: '',
      stderr: expect.stringContaining('The key app may exist, but is lost.'),
    });
    expect(await readdir(folder), 'no empty file remains').toEqual([]);
    answer();
  });

  test('a second SIGINT ends keys roll at once, and the command says that the secret may be replaced', async () => {
    const env = environmentOf('stopped-rolling');
    await andamio(['keys', 'create', 'app'], { env });
    const { run, answer } = await interrupt('stopped-rolling', 'SIGINT', [], 'roll');
    run.kill('SIGINT');
    expect(await run.result).toMatchObject({
      code: 'SIGINT',
      stdout: '',
      stderr: expect.stringContaining('The secret of the key app may have been replaced,'),
    });
    answer();
  });

  test('a refused request leaves the file as it was', async () => {
    const folder = temporaryFolder();
    const file = join(folder, '.env');
    await writeFile(file, 'A=1\n');
    const env = { ...environmentOf('nobody'), ANDAMIO_TOKEN: 'expired' };
    expect(await andamio(['keys', 'create', 'app', '--to', `env:${file}`], { env })).toMatchObject({
      code: 77,
    });
    expect(await readdir(folder)).toEqual(['.env']);
    expect(await readFile(file, 'utf8')).toBe('A=1\n');
  });
});

test.each(['file', 'env:', 'gcp-secret:name', 'gcp-secret:p/../x', 'vault:a/b'])(
  '%j is refused as a target',
  (target) => {
    expect(() => targetOf(target)).toThrow(
      expect.objectContaining({
        exitCode: 64,
        message: '--to must be env:FILE or gcp-secret:PROJECT/NAME. See --help.',
      }),
    );
  },
);

describe.runIf(available.includes('gcloud'))('gcp-secret:PROJECT/NAME', async () => {
  const folder = temporaryFolder();
  const accessToken = 'an access token of Google';
  await writeFile(join(folder, 'token'), accessToken.replaceAll(' ', '-'));

  /**
   * Starts a fake Secret Manager that grants the given permissions. It answers calls to
   * `addVersion` with the given statuses in turn, then with 200.
   */
  async function fakeSecretManager(permissions: readonly string[], statuses: number[] = []) {
    return startServer(({ path }, response) => {
      const isCheck = path.endsWith(':testIamPermissions');
      const status = isCheck ? 200 : (statuses.shift() ?? 200);
      const body = isCheck
        ? { permissions }
        : status === 200
          ? { name: 'projects/1/secrets/app-key/versions/2', state: 'ENABLED' }
          : {
              error: { code: status, status: 'PERMISSION_DENIED', message: 'Quotes the payload.' },
            };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }

  const create = (user: string, endpoint: string) =>
    andamio(['keys', 'create', 'app', '--to', 'gcp-secret:my-project/app-key'], {
      env: {
        ...environmentOf(user),
        CLOUDSDK_CONFIG: folder,
        CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, 'token'),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: `${endpoint}/`,
      },
    });

  const keyIn = ({ body }: Received) =>
    Buffer.from(JSON.parse(body).payload.data, 'base64').toString();

  test('--to gcp-secret adds a version with the key, as the account of gcloud', async () => {
    const google = await fakeSecretManager(['secretmanager.versions.add']);
    const { code, stdout, stderr } = await create('cloud', google.url);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const secret = '/v1/projects/my-project/secrets/app-key';
    expect(google.received.map(({ path }) => path)).toEqual([
      `${secret}:testIamPermissions`,
      `${secret}:addVersion`,
    ]);
    expect(google.received[1]?.headers.authorization).toBe('Bearer an-access-token-of-Google');
    const key = keyIn(google.received[1] as Received);
    expect(key).toMatch(/^ant-\w{40}$/);
    expect(stderr).not.toContain(key);
    const [stored] = await keysOf('cloud');
    expect(key.startsWith(stored?.start as string)).toBe(true);
  });

  test('a secret to which no version may be added is refused before a key is created', async () => {
    const google = await fakeSecretManager([]);
    const { code, stderr } = await create('forbidden', google.url);
    expect({ code, stderr }).toEqual({
      code: 73,
      stderr:
        'The secret app-key of project my-project does not exist, or you lack the permission secretmanager.versions.add.\n',
    });
    expect(await keysOf('forbidden')).toEqual([]);
  });

  test('a failure of Secret Manager is retried, and a refusal deletes the key again', async () => {
    const permissions = ['secretmanager.versions.add'];
    const flaky = await fakeSecretManager(permissions, [503]);
    expect(await create('retried', flaky.url)).toMatchObject({ code: 0 });
    expect(flaky.received).toHaveLength(3);
    const refusing = await fakeSecretManager(permissions, [403]);
    const { code, stderr } = await create('rolled-back', refusing.url);
    expect({ code, stderr }).toEqual({
      code: 73,
      stderr:
        'Google Secret Manager responded 403 PERMISSION_DENIED.\nThe key app was deleted again.\n',
    });
    expect(await keysOf('rolled-back')).toEqual([]);
  });
});

test('without gcloud, --to gcp-secret says so before a key is created', async () => {
  const bin = temporaryFolder();
  const env = { ...environmentOf('bare'), PATH: bin };
  const { code, stderr } = await andamio(['keys', 'create', 'app', '--to', 'gcp-secret:p/n'], {
    env,
  });
  expect({ code, stderr }).toEqual({
    code: 73,
    stderr: 'gcp-secret needs gcloud, which is not installed.\n',
  });
  expect(await keysOf('bare')).toEqual([]);
});
