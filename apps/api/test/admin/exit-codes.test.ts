import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePort } from '@andamio/testing/free-port';
import { processPepper } from '@andamio/testing/service-process';
import { jwtSecret } from '@andamio/testing/tokens';
import { describe, expect, inject, test } from 'vitest';
import { commands } from '../../src/admin/commands.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { type AdminRun, runCommand, spawnAdmin } from '../harness/admin.ts';
import { firestoreSettings, temporaryFile } from '../harness/stores.ts';

const secrets = { JWT_SECRETS: jwtSecret, KEY_PEPPERS: `test:${processPepper}` };

/** Creates an empty store in a file and returns the file's path. */
async function emptyStore(): Promise<string> {
  const path = temporaryFile();
  const store = createSqliteStore(path, Date.now);
  await store.check();
  await store.close();
  return path;
}

type Arguments = readonly [
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
  input?: string,
];

const settingsWith = async (environment: Arguments[1]) => ({
  ...secrets,
  SQLITE_PATH: await emptyStore(),
  ...environment,
});

/** Runs a command in this process. By default, the store is empty. */
const run = async (...[args, environment, input]: Arguments): Promise<AdminRun> =>
  runCommand(args, await settingsWith(environment), input);

/** Runs the built program. By default, the store is empty. */
const runProgram = async (...[args, environment, input]: Arguments): Promise<AdminRun> =>
  spawnAdmin(args, await settingsWith(environment), input).result;

describe('a command', () => {
  test.each([[['--help']], [['-h']]])(
    '%s lists every command, its options and the exit codes',
    async (args) => {
      const { code, stdout, stderr } = await run(args);
      expect([code, stderr]).toEqual([0, '']);
      for (const verb of commands.keys()) {
        expect(stdout).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'));
      }
      expect(stdout).toContain(
        '(--key-stdin | --id KEY_ID | --user ID) [--yes | --dry-run] [--by NAME] [--reason TEXT]',
      );
      expect(stdout).toMatch(/Exit codes: 0 .*, 1 .*, 64 .*, 69 .*\n.*, 70 .*, 74 .*, 78 /);
    },
  );

  test('--help after a command shows only that command, even with invalid settings', async () => {
    const { code, stdout } = await run(['erase', '--help'], { KEY_STORE: 'paper' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}erase --user ID/m);
    expect(stdout).not.toMatch(/^ {2}revoke/m);
  });

  test('--help names commands by their current names, also after a former name', async () => {
    expect((await run(['--help'])).stdout).not.toContain('repepper-report');
    expect((await run(['repepper-report', '--help'])).stdout).toMatch(/^ {2}rehash-report$/m);
    const refusal = await run(['repepper-report', '--force']);
    expect(refusal).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^rehash-report has no option --force\./),
    });
  });

  test.each([
    ['no command', [], /^The first argument must be a command\./],
    ['an unknown command', ['drop'], /^The first argument must be a command\./],
    ['a property of every object', ['constructor'], /^The first argument must be a command\./],
    ['no user', ['list'], /^--user ID is required\./],
    ['an empty user', ['erase', '--user', ''], /^--user ID is required\./],
    ['an unknown option', ['list', '--user', 'alice', '--force'], /^list has no option --force\./],
    [
      "another command's option",
      ['erase', '--user', 'alice', '--reason', 'asked'],
      /^erase has no option --reason\./,
    ],
    ['an option with control characters', ['list', '--\u001b[2J'], /^list has no such option\./],
    [
      'a value for an option that takes none',
      ['stats', '--json=yes'],
      /^An option lacks its value, or has a value/,
    ],
    [
      'an option without its value',
      ['list', '--user'],
      /^An option lacks its value, or has a value/,
    ],
    [
      'a positional argument',
      ['list', 'alice'],
      /^Commands take options only, no positional arguments\./,
    ],
    [
      'a repeated option',
      ['erase', '--user', 'alice', '--user', 'bob'],
      /^An option is repeated\./,
    ],
    [
      'revoke without a key or user',
      ['revoke'],
      /^Exactly one of --key-stdin, --id and --user is required\./,
    ],
    [
      'revoke with a key and a user',
      ['revoke', '--key-stdin', '--user', 'alice'],
      /^Exactly one of --key-stdin/,
    ],
    [
      'an invalid key id',
      ['revoke', '--id', 'abc'],
      /^--id must be a key id of 64 lowercase hexadecimal digits, as list --user shows it\./,
    ],
    [
      'a blank author',
      ['suspend', '--user', 'alice', '--yes', '--by', ' '],
      /^--by must be 1 to 128 printable characters\./,
    ],
    [
      'a reason with control characters',
      ['suspend', '--user', 'a', '--reason', '\u001b[2J'],
      /^--reason must be 1 to 1000/,
    ],
  ])('exits with 64 and prints one line on standard error for %s', async (_, args, line) => {
    const { code, stdout, stderr } = await run(args, { KEY_STORE: 'paper' });
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/See --help\.\n$/);
  });

  test.each([
    ['list of an unknown user', ['list', '--user', 'unknown'], '', 'no_such_user'],
    ['revoke of an unknown key id', ['revoke', '--id', '0'.repeat(64)], '', 'no_such_key'],
    ['revoke of an unknown user', ['revoke', '--user', 'unknown', '--yes'], '', 'no_such_user'],
    ['suspend of an unknown user', ['suspend', '--user', 'unknown', '--yes'], '', 'no_such_user'],
    ['resume of an unknown user', ['resume', '--user', 'unknown'], '', 'no_such_user'],
    [
      'usage --reset of an unknown user',
      ['usage', '--user', 'unknown', '--reset', '--yes'],
      '',
      'no_such_user',
    ],
    [
      'revoke with input that is not a key',
      ['revoke', '--key-stdin'],
      'ant-not-a-key',
      'not_a_key',
    ],
    ['revoke with empty input', ['revoke', '--key-stdin'], '', 'not_a_key'],
    ['erase of an unknown user', ['erase', '--user', 'unknown', '--yes'], '', 'no_such_user'],
  ])('exits with 1 for %s', async (_, args, input, outcome) => {
    const plain = await run(args, {}, input);
    expect([plain.code, plain.stderr]).toEqual([
      1,
      expect.stringMatching(/^Working on the SQLite file \/.*\.\n$/),
    ]);
    expect(plain.stdout).toMatch(/^.+\.\n$/);
    const { code, stdout } = await run([...args, '--json'], {}, input);
    expect([code, JSON.parse(stdout)]).toEqual([1, { outcome }]);
  });

  test.each([
    ['suspend', ['suspend']],
    ['erase', ['erase']],
    ['revoke', ['revoke']],
    ['usage --reset', ['usage', '--reset']],
  ])('exits with 1 for a dry run of %s for an unknown user', async (_, args) => {
    expect(await run([...args, '--user', 'unknown', '--dry-run'])).toMatchObject({ code: 1 });
  });

  test('exits with 78 and prints a line per invalid setting, without its value', async () => {
    const { code, stdout, stderr } = await run(['stats'], {
      KEY_STORE: 'paper',
      FIRESTORE_DATABASE: 'UPPER',
    });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr.trim().split('\n').toSorted()).toEqual([
      'FIRESTORE_DATABASE must be (default) or the id of a database.',
      'KEY_STORE must be one of: sqlite, firestore.',
    ]);
  });

  test('ignores invalid values of settings that only the service reads', async () => {
    const { code, stderr } = await run(['stats'], { PORT: 'eighty', JWT_SECRETS: 'short' });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Working on the SQLite file .*\n$/)]);
  });

  test('requires --by in a Cloud Run job, where the system user is always the same', async () => {
    const job = { CLOUD_RUN_JOB: 'andamio-api-admin' };
    const { code, stderr } = await run(['revoke', '--user', 'alice', '--yes'], job);
    expect([code, stderr]).toEqual([64, expect.stringMatching(/pass your name with --by NAME\./)]);
    const named = await run(['revoke', '--user', 'alice', '--yes', '--by', 'olga', '--json'], job);
    expect(JSON.parse(named.stdout)).toEqual({ outcome: 'no_such_user' });
  });

  test('exits with 69 if another process keeps the embedded store locked', async () => {
    const path = await emptyStore();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const { code, stdout, stderr } = await run(['stats', '--json'], { SQLITE_PATH: path });
    other.close();
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(
      /\nThe embedded store stayed locked.*\nRun the command again once the store responds\.\n$/,
    );
  });
});

describe('admin.js', () => {
  test.each([
    [0, ['--help'], /^node admin\.js COMMAND/, /^$/],
    [
      1,
      ['revoke', '--key-stdin'],
      /^The input is not a key/,
      /^Working on the SQLite file \/.*\n$/,
    ],
    [64, ['drop'], /^$/, /^The first argument must be a command\. See --help\.\n$/],
    [78, ['stats'], /^$/, /^KEY_STORE must be one of: sqlite, firestore\.\n$/],
  ])('exits with %i after %j, and prints the report or the error', async (code, args, out, err) => {
    const environment: Record<string, string> = code === 78 ? { KEY_STORE: 'paper' } : {};
    const result = await runProgram(args, environment, 'ant-not-a-key');
    expect(result).toEqual({
      code,
      stdout: expect.stringMatching(out),
      stderr: expect.stringMatching(err),
    });
  });

  test.skipIf(inject('emulatorHost') === undefined).each([
    ['list', ['list', '--user', 'alice']],
    ['suspend', ['suspend', '--user', 'alice', '--yes']],
  ])('%s exits with 69 within 10 seconds if Firestore does not respond', async (_, args) => {
    const startedAt = performance.now();
    const { code, stdout, stderr } = await runProgram(
      args,
      firestoreSettings(`127.0.0.1:${await freePort()}`),
    );
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/Run the command again once the store responds\.\n$/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('exits with 69 and names the variable if a required client certificate is missing', async () => {
    const { code, stdout, stderr } = await runProgram(['list', '--user', 'alice'], {
      ...firestoreSettings('127.0.0.1:1'),
      GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true',
      HOME: dirname(temporaryFile()),
    });
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/could not be set up.*GOOGLE_API_USE_CLIENT_CERTIFICATE/);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
