import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePort } from '@andamio/testing/free-port';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { waitFor } from '@andamio/testing/wait-for';
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from 'vitest';

const repository = resolve(import.meta.dirname, '../..');

/** A copy of the repository's files, as in a fresh clone. */
const clone = mkdtempSync(join(tmpdir(), 'first-start-'));

/** The environment of a new user, whose machine has only Node.js and npm. */
const environment = {
  ...Object.fromEntries(
    ['HOME', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'].map((name) => [
      name,
      process.env[name],
    ]),
  ),
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter),
};

/** A command that was started, and its output so far. */
interface Command {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly exited: Promise<number | null>;
}

const started: Command[] = [];

function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly uid?: number } = {},
): Command {
  const child = spawn(command, args, {
    cwd: clone,
    ...options,
    env: { ...environment, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.on('error', () => undefined);
  const exited = new Promise<number | null>((done) => child.once('close', done));
  const all = { child, stdout: () => stdout, stderr: () => stderr, exited };
  started.push(all);
  return all;
}

const npmStart = (env: Record<string, string> = {}, ...args: readonly string[]) =>
  run('npm', ['start', '--silent', ...args], { env: { PORT: '0', ...env } });

/** Writes a file of the clone. Restores the previous state when the test has finished. */
function change(file: string, content: string): void {
  const path = join(clone, file);
  const before = existsSync(path) ? readFileSync(path) : undefined;
  onTestFinished(() => (before === undefined ? rmSync(path) : writeFileSync(path, before)));
  writeFileSync(path, content);
}

/** Waits until a command has exited. Resolves to its exit code and its output as lines. */
async function outcomeOf(command: Command) {
  const code = await command.exited;
  return { code, lines: printed(command).trimEnd().split('\n') };
}

/** Returns the command lines of all processes on the machine. */
const commandLines = () =>
  existsSync('/proc/self/cmdline')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
          } catch {
            return ''; // The process has exited meanwhile.
          }
        })
    : execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n');

/** Returns the command lines of processes that run programs of the clone. */
const processesOfClone = () => commandLines().filter((line) => line.includes(`${clone}/`));

const printed = (command: Command) => command.stdout() + command.stderr();

const untilPrinted = (command: Command, text: string | RegExp) =>
  waitFor(
    `the output ${text}`,
    () => {
      if (command.child.exitCode !== null) throw new Error(printed(command));
      return new RegExp(text).test(printed(command));
    },
    170,
  );

/** Runs a command in a shell, such as the command that `npm start` prints, and returns its output. */
const paste = (command: string): string =>
  execFileSync('sh', ['-c', command], {
    cwd: clone,
    encoding: 'utf8',
    env: environment as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

const aKey = { api_key: expect.stringMatching(/^ant-[0-9A-Za-z]{40}$/) };

/**
 * Returns the lines that a terminal shows, without the output of npm's spinner, which overwrites
 * itself.
 */
const shown = (output: string) =>
  output
    .replaceAll('\r\n', '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals use this one.
    .replaceAll(/.\u001b\[1G\u001b\[0K/g, '')
    .split('\n');

beforeAll(() => {
  chmodSync(clone, 0o755); // Lets other users read the clone.
  const files = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: repository, encoding: 'utf8' },
  );
  for (const file of files.split('\0').filter((path) => existsSync(join(repository, path)))) {
    if (file !== '') cpSync(join(repository, file), join(clone, file));
  }
});

afterEach(async () => {
  for (const { child } of started) child.kill('SIGTERM');
  await Promise.all(started.splice(0).map(({ exited }) => exited));
});

afterAll(() => rm(clone, { recursive: true, force: true }));

describe.runIf(inject('available').includes('a terminal'))('in a terminal', () => {
  test('npm start of a fresh clone prints at most ten lines, the last of them a request that issues a key and how to stop', async () => {
    const port = String(await freePort());
    const command = run('script', ['-qefc', 'npm start', '/dev/null'], { env: { PORT: port } });
    await untilPrinted(command, 'Ctrl-C stops');
    const lines = shown(command.stdout().trimEnd());
    expect(lines.length, command.stdout()).toBeLessThanOrEqual(10);
    expect(command.stdout()).toMatch(/Installing what the service needs \.\.\. \d+\.\d s/);
    expect(command.stdout()).toMatch(/Building the service \.\.\. \d+\.\d s/);
    expect(command.stdout()).toContain(`http://127.0.0.1:${port}/ is the API reference`);
    expect(lines.at(-1)).toContain('Ctrl-C stops the service.');
    expect(JSON.parse(paste(lines.at(-2) ?? ''))).toMatchObject({ ...aKey, name: 'MyFirstKey' });
    await untilPrinted(command, /\d\d:\d\d:\d\d POST \/api\/v1\/apikey\/request 200 \d+ ms/);
    expect(command.stdout()).not.toContain('{"severity"');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);

    command.child.stdin?.write('\u0003');
    await command.exited;
    expect(processesOfClone()).toEqual([]);
  });
});

describe('without a terminal', () => {
  test('npm start writes nothing but the log to standard output, as JSON', async () => {
    const command = npmStart();
    await untilPrinted(command, 'Ctrl-C stops');
    const request =
      command
        .stderr()
        .split('\n')
        .find((line) => line.startsWith('curl ')) ?? '';
    expect(JSON.parse(paste(request))).toMatchObject(aKey);
    command.child.kill('SIGTERM');
    await command.exited;
    const log = command
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(log.map(({ message }) => message)).toEqual([
      'listening',
      'request',
      'shutting down',
      'shut down',
    ]);
  });

  test('npm start installs neither the tools nor the dependencies of the tests', () => {
    for (const name of ['turbo', '@biomejs', 'vitest', '@pulumi'])
      expect(existsSync(join(clone, 'node_modules', name)), name).toBe(false);
    expect(existsSync(join(clone, 'apps/api/node_modules/vitest'))).toBe(false);
  });

  test('npm start needs no network and skips all steps if nothing has changed', async () => {
    const command = npmStart({ npm_config_registry: 'http://127.0.0.1:9/' });
    await untilPrinted(command, 'Ctrl-C stops');
    expect(printed(command)).not.toMatch(/Installing|Building/);
  });

  test('npm start builds again if unpacking a release put older files in place of newer ones', async () => {
    change('apps/api/src/version.ts', 'export const = ;\n');
    const yesterday = Date.now() / 1000 - 86_400;
    utimesSync(join(clone, 'apps/api/src/version.ts'), yesterday, yesterday);
    const command = npmStart();
    expect(await command.exited).toBe(1);
    expect(command.stderr()).toMatch(/Building the service failed/);
  });

  test('npm start asks for a token of the issuer if the settings name one', async () => {
    const command = npmStart({ JWT_JWKS_URL: 'http://127.0.0.1:9/keys' });
    await untilPrinted(command, 'Ctrl-C stops');
    expect(command.stderr()).toContain("set TOKEN to one of your issuer's tokens and paste this");
    expect(command.stderr()).toContain('-H "Authorization: Bearer $TOKEN"');
  });

  test('npm run token prints a token and nothing else', async () => {
    const command = run('npm', ['run', '--silent', 'token', '--', '--sub', 'alice']);
    expect(await outcomeOf(command)).toEqual({
      code: 0,
      lines: [expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)],
    });
  });

  test('npm run token explains a token from standard input', async () => {
    const { stdout, exited } = run('npm', ['run', '--silent', 'token', '--', '--sub', 'alice']);
    await exited;
    const command = run('npm', ['run', '--silent', 'token', '--', '--explain', '-']);
    command.child.stdin?.end(stdout());
    expect(await outcomeOf(command)).toEqual({
      code: 0,
      lines: ['The token is valid.', 'apikey:read: allowed', 'apikey:write: allowed'],
    });
  });

  test.each(['start', 'test', 'run token'])(
    'npm %s -- --help prints how it is used',
    async (name) => {
      const command = run('npm', [...name.split(' '), '--silent', '--', '--help']);
      const { code, lines } = await outcomeOf(command);
      expect([code, lines[0]]).toEqual([0, expect.stringMatching(`^npm ${name}`)]);
    },
  );

  test('the commands of README issue a key and verify it', async () => {
    const readme = readFileSync(join(repository, 'README.md'), 'utf8');
    const [start, ...requests] = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(
      ([, command = '']) => command,
    );
    expect(start).toBe('npm start\n');
    const port = String(await freePort());
    await untilPrinted(npmStart({ PORT: port }), 'Ctrl-C stops');
    const output = paste(requests.join('').replaceAll(':8080/', `:${port}/`));
    const [issued, verified] = output.split('\n').map((line) => JSON.parse(line));
    const [, documented = ''] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(issued).toMatchObject(aKey);
    expect(Object.keys(issued)).toEqual(Object.keys(JSON.parse(documented)));
    expect(verified).toMatchObject({ user_id: 'alice', name: issued.name });
  });

  test('npm start ends with its service if the program that reads its output exits', async () => {
    const command = npmStart();
    command.child.stdout?.destroy();
    expect(await command.exited).toBe(0);
    expect(command.stderr().trimEnd().split('\n')).toEqual([
      'The program that read the output has exited. The service is stopping.',
    ]);
    expect(processesOfClone()).toEqual([]);
  });
});

describe('a problem', () => {
  test('npm start names PORT if the port is in use', async () => {
    const server = createServer();
    const port = String(await listenOnLoopback(server));
    onTestFinished(() => void server.close());
    expect(await outcomeOf(npmStart({ PORT: port }))).toEqual({
      code: 1,
      lines: [
        `Port ${port} is in use. Stop the program that uses it, or choose another PORT: PORT=8081 npm start`,
      ],
    });
  });

  test.each([
    ['an unknown option', { args: ['--', '--prot'] }, 64, /^npm start does not know --prot\./],
    ['an invalid PORT', { env: { PORT: 'http' } }, 78, /^PORT must be a number/],
    ['a foreign HOST', { env: { HOST: '192.0.2.1' } }, 78, /^HOST must be an address of this/],
    ['a setting that the service rejects', { env: { LOG_LEVEL: 'loud' } }, 78, /^LOG_LEVEL must/],
  ] as const)('npm start explains %s in one line', async (_, options, exitCode, line) => {
    const { env = {}, args = [] } = options as {
      env?: Record<string, string>;
      args?: readonly string[];
    };
    expect(await outcomeOf(npmStart(env, ...args))).toEqual({
      code: exitCode,
      lines: [expect.stringMatching(line)],
    });
  });

  test.each([
    ['start', 'npm start'],
    ['test', 'npm test'],
    ['token', 'npm run token'],
  ])('scripts/%s.mjs names WSL on Windows', async (script, command) => {
    const windows = "Object.defineProperty(process, 'platform', { value: 'win32' })";
    const args = ['--import', `data:text/javascript,${encodeURIComponent(windows)}`];
    expect(await outcomeOf(run('node', [...args, `scripts/${script}.mjs`]))).toEqual({
      code: 1,
      lines: [
        expect.stringMatching(`^${command} does not run on Windows itself\\. Run it in WSL: https`),
      ],
    });
  });

  /** Runs `npm start` as a user who may read the clone but not write to it. */
  function asOtherUser() {
    const home = mkdtempSync(join(tmpdir(), 'home-'));
    chmodSync(home, 0o777);
    const isRoot = process.getuid?.() === 0;
    return run('npm', ['start', '--silent'], {
      env: { PORT: '0', HOME: home },
      ...(isRoot && { uid: 65_534 }),
    });
  }

  test('npm start names a .data of another user and the way out', async () => {
    const data = join(clone, '.data');
    chmodSync(data, 0o500);
    onTestFinished(() => chmodSync(data, 0o700));
    expect(await outcomeOf(asOtherUser())).toEqual({
      code: 78,
      lines: [
        expect.stringMatching(
          /^\.data is not readable and writable for user .+mv \.data \.data\.old$/,
        ),
      ],
    });
  });

  test('npm start explains a read-only checkout in one line', async () => {
    const stamp = join(clone, 'node_modules/.installed-service');
    const data = join(clone, '.data');
    renameSync(data, `${data}.hold`);
    chmodSync(clone, 0o555);
    onTestFinished(() => {
      chmodSync(clone, 0o755);
      renameSync(`${data}.hold`, data);
    });
    expect(existsSync(stamp)).toBe(true);
    expect(await outcomeOf(asOtherUser())).toEqual({
      code: 1,
      lines: [expect.stringMatching(/ is not writable for user .+ Use a clone of your own\.$/)],
    });
  });

  test('npm start names the reason and the way out if a newer version wrote .data', async () => {
    const data = join(clone, '.data');
    renameSync(data, `${data}.hold`);
    mkdirSync(data);
    onTestFinished(() => {
      rmSync(data, { recursive: true });
      renameSync(`${data}.hold`, data);
    });
    const store = new DatabaseSync(join(data, 'keys.db'));
    store.exec('PRAGMA user_version = 1000');
    store.close();
    const command = npmStart();
    expect(await command.exited).toBe(1);
    expect(command.stdout()).toContain('A newer version of this service has written the file.');
    expect(command.stderr()).toMatch(/^The store does not respond; .+ mv \.data \.data\.old\n$/);
    expect(processesOfClone()).toEqual([]);
  });

  test('npm start shows the log of a build that fails', async () => {
    change('apps/api/src/version.ts', 'export const = ;\n');
    const command = npmStart();
    expect(await command.exited).toBe(1);
    expect(command.stderr()).toMatch(/src\/version\.ts:1:13/);
    expect(command.stderr()).toMatch(/\nBuilding the service failed with exit code 1\.\n$/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'npm start leaves no process behind if it gets %s during the build',
    async (signal, exitCode) => {
      const marker = join(clone, 'building');
      change(
        'apps/api/build.ts',
        `import { writeFileSync } from 'node:fs';
         import { spawn } from 'node:child_process';
         spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)', '${clone}/child']);
         writeFileSync('${marker}', '');
         setInterval(() => {}, 1000);`,
      );
      onTestFinished(() => rmSync(marker));
      const command = run('node', ['scripts/start.mjs'], { env: { PORT: '0' } });
      await waitFor('the build', () => existsSync(marker), 60);
      command.child.kill(signal);
      expect(await command.exited).toBe(exitCode);
      expect(command.stderr()).toMatch(/Building the service \.\.\.\nStopped\.\n$/);
      expect(processesOfClone()).toEqual([]);
    },
  );

  test('npm test leaves no process behind if npm gets SIGTERM', async () => {
    const programs = mkdtempSync(join(tmpdir(), 'programs-'));
    onTestFinished(() => rmSync(programs, { recursive: true }));
    const npx = join(programs, 'npx');
    const marker = join(clone, 'testing');
    writeFileSync(
      npx,
      `#!/bin/sh
       case "$*" in *install*) exit 0 ;; esac
       "${process.execPath}" --eval 'setTimeout(() => {}, 30_000)' "${clone}/child" &
       touch "${marker}"
       wait`,
    );
    chmodSync(npx, 0o755);
    onTestFinished(() => rmSync(marker));
    const path = `${programs}${delimiter}${environment.PATH}`;
    const command = run('npm', ['test', '--silent'], { env: { PATH: path } });
    await waitFor('the tests', () => existsSync(marker), 60);
    command.child.kill('SIGTERM');
    await waitFor('the end of all processes', () => processesOfClone().length === 0, 10);
  });

  test('npm start shows the log of an installation that fails', async () => {
    change('pnpm-lock.yaml', 'lockfileVersion: broken\n');
    const command = npmStart();
    expect(await command.exited).toBe(1);
    expect(command.stderr()).toMatch(/lockfile/i);
    expect(command.stderr()).toMatch(
      /\nInstalling what the service needs failed with exit code \d+\.\n$/,
    );
  });
});
