import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, inject, test } from 'vitest';
import { commands } from '../../src/admin/commands.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { type AdminRun, spawnAdmin } from '../harness/admin.ts';
import { freePort } from '../harness/free-port.ts';
import { processPepper } from '../harness/process.ts';
import { freshProject, temporaryFile } from '../harness/stores.ts';
import { jwtSecret } from '../harness/tokens.ts';

const secrets = { JWT_SECRETS: jwtSecret, KEY_PEPPERS: `test:${processPepper}` };

/** The path of an empty store. */
async function emptyStore(): Promise<string> {
  const path = temporaryFile();
  const store = createSqliteStore(path, Date.now);
  await store.check();
  await store.close();
  return path;
}

const run = async (args: readonly string[], environment: Record<string, string> = {}, input = ''): Promise<AdminRun> =>
  spawnAdmin(args, { ...secrets, SQLITE_PATH: await emptyStore(), ...environment }, input).ended;

describe('admin.js', () => {
  test.each([[['--help']], [['-h']]])('%s tells every command, its options and the exit codes', async (args) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stderr]).toEqual([0, '']);
    for (const verb of commands.keys()) {
      expect(stdout).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'));
    }
    expect(stdout).toContain('--key-stdin | --id DIGEST | --user ID [--yes | --dry-run] [--by NAME] [--reason TEXT]');
    expect(stdout).toMatch(/Exit codes: 0 .*, 1 .*, 64 .*, 69 .*, 70 .*,\s74 .*, 78 /);
  });

  test('--help of a command tells that one, also where the settings are wrong', async () => {
    const { code, stdout } = await run(['erase', '--help'], { KEY_STORE: 'paper' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}erase --user ID/m);
    expect(stdout).not.toMatch(/^ {2}revoke/m);
  });

  test.each([
    ['no command', [], /^A command is needed\./],
    ['a command that there is not', ['drop'], /^A command is needed\./],
    ['a property of every object', ['constructor'], /^A command is needed\./],
    ['no user', ['list'], /^--user ID is needed\./],
    ['an empty user', ['erase', '--user', ''], /^--user ID is needed\./],
    ['an option that there is not', ['list', '--user', 'alice', '--force'], /^list has no option --force\./],
    ["another command's option", ['erase', '--user', 'alice', '--reason', 'asked'], /^erase has no option --reason\./],
    ['an option that would act on a terminal', ['list', '--\u001b[2J'], /^list has no such option\./],
    ['a value where none belongs', ['stats', '--json=yes'], /^An option lacks its value, or takes none\./],
    ['no value where one belongs', ['list', '--user'], /^An option lacks its value, or takes none\./],
    ['a word that is no option', ['list', 'alice'], /^Everything is given by options\./],
    ['an option twice', ['erase', '--user', 'alice', '--user', 'bob'], /^An option is given twice\./],
    ['nothing to revoke', ['revoke'], /^One of --key-stdin, --id and --user is needed\./],
    ['two things to revoke', ['revoke', '--key-stdin', '--user', 'alice'], /^One of --key-stdin/],
    ['a digest that is none', ['revoke', '--id', 'abc'], /^--id must be a digest: 64 hexadecimal digits\./],
    [
      'a blank author',
      ['suspend', '--user', 'alice', '--yes', '--by', ' '],
      /^--by must be 1 to 128 printable characters\./,
    ],
    [
      'a reason that clears the screen',
      ['suspend', '--user', 'a', '--reason', '\u001b[2J'],
      /^--reason must be 1 to 1000/,
    ],
  ])('ends with 64 for %s, and one line on standard error', async (_, args, line) => {
    const { code, stdout, stderr } = await run(args, { KEY_STORE: 'paper' });
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/See --help\.\n$/);
  });

  test.each([
    ['of a user that nobody knows', ['list', '--user', 'nobody'], '', 'no_such_user'],
    ['of a digest that nobody has', ['revoke', '--id', '0'.repeat(64)], '', 'no_such_key'],
    ['of a user to revoke that nobody knows', ['revoke', '--user', 'nobody', '--yes'], '', 'no_such_user'],
    ['of a user to suspend that nobody knows', ['suspend', '--user', 'nobody', '--yes'], '', 'no_such_user'],
    ['of a user to resume that nobody knows', ['resume', '--user', 'nobody'], '', 'no_such_user'],
    ['of a usage that nobody has', ['usage', '--user', 'nobody', '--reset', '--yes'], '', 'no_such_user'],
    ['of a text that is no key', ['revoke', '--key-stdin'], 'ant-not-a-key', 'not_a_key'],
    ['of nothing at all', ['revoke', '--key-stdin'], '', 'not_a_key'],
    ['of a user of whom nothing is stored', ['erase', '--user', 'nobody', '--yes'], '', 'no_such_user'],
  ])('ends with 1 %s', async (_, args, input, outcome) => {
    const plain = await run(args, {}, input);
    expect([plain.code, plain.stderr]).toEqual([1, expect.stringMatching(/^Working on the SQLite file \/.*\.\n$/)]);
    expect(plain.stdout).toMatch(/^.+\.\n$/);
    const { code, stdout } = await run([...args, '--json'], {}, input);
    expect([code, JSON.parse(stdout)]).toEqual([1, { outcome }]);
  });

  test.each([
    ['suspend', ['suspend']],
    ['erase', ['erase']],
    ['revoke', ['revoke']],
    ['usage --reset', ['usage', '--reset']],
  ])('ends with 1 for a dry run of %s on a user whom nobody knows', async (_, args) => {
    expect(await run([...args, '--user', 'nobody', '--dry-run'])).toMatchObject({ code: 1 });
  });

  test('ends with 78 for wrong settings, a line for each, and no value', async () => {
    const { code, stdout, stderr } = await run(['stats'], { KEY_STORE: 'paper', FIRESTORE_DATABASE: 'UPPER' });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr.trim().split('\n').toSorted()).toEqual([
      'FIRESTORE_DATABASE must be (default) or the id of a database.',
      'KEY_STORE must be one of: sqlite, firestore.',
    ]);
  });

  test('works without the settings that only the service reads, and with wrong ones', async () => {
    const { code, stderr } = await run(['stats'], { PORT: 'eighty', JWT_SECRETS: 'short' });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Working on the SQLite file .*\n$/)]);
  });

  test('asks who makes a change in a Cloud Run job, where everybody is the same user', async () => {
    const job = { CLOUD_RUN_JOB: 'andamio-api-admin' };
    const { code, stderr } = await run(['revoke', '--user', 'alice', '--yes'], job);
    expect([code, stderr]).toEqual([64, expect.stringMatching(/say who you are with --by NAME\./)]);
    const named = await run(['revoke', '--user', 'alice', '--yes', '--by', 'olga', '--json'], job);
    expect(JSON.parse(named.stdout)).toEqual({ outcome: 'no_such_user' });
  });

  test('ends with 69 where another process keeps the embedded store locked', async () => {
    const path = await emptyStore();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const { code, stdout, stderr } = await run(['stats', '--json'], { SQLITE_PATH: path });
    other.close();
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/\nThe embedded store stayed locked.*\nRun the command again once the store answers\.\n$/);
  });

  test.skipIf(inject('emulatorHost') === undefined).each([
    ['list', ['list', '--user', 'alice']],
    ['suspend', ['suspend', '--user', 'alice', '--yes']],
  ])('ends with 69 within 10 seconds where Firestore does not answer: %s', async (_, args) => {
    const begun = performance.now();
    const { code, stdout, stderr } = await run(args, {
      KEY_STORE: 'firestore',
      GOOGLE_CLOUD_PROJECT: freshProject(),
      FIRESTORE_EMULATOR_HOST: `127.0.0.1:${await freePort()}`,
    });
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/Run the command again once the store answers\.\n$/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test('ends with 69 where a client certificate is required and missing, and names the variable', async () => {
    const { code, stdout, stderr } = await run(['list', '--user', 'alice'], {
      KEY_STORE: 'firestore',
      GOOGLE_CLOUD_PROJECT: freshProject(),
      FIRESTORE_EMULATOR_HOST: '127.0.0.1:1',
      GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true',
      HOME: dirname(temporaryFile()),
    });
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/could not be set up.*GOOGLE_API_USE_CLIENT_CERTIFICATE/);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
