import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requestKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { describe, expect, test } from 'vitest';
import { type AdminFixture, startAdminFixture } from '../harness/admin.ts';

const admin = fileURLToPath(new URL('../../dist/admin.js', import.meta.url));

async function fixtureWithKeys(): Promise<AdminFixture> {
  const fixture = await startAdminFixture('SQLite');
  for (const api_key_name of ['first', 'second']) {
    const { status } = await requestKey(
      fixture.url,
      { api_key_name },
      { token: tokenFor('alice', { tier: 'growth' }) },
    );
    expect(status).toBe(200);
  }
  return fixture;
}

/**
 * Runs a shell command with the store's settings.
 *
 * @param input the answer to the confirmation question
 * @returns the exit code and the output
 */
async function shell({ settings }: AdminFixture, command: string, input?: string) {
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ...settings,
      ADMIN: `${process.execPath} ${admin}`,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  // Answers when the question appears, as a person does.
  if (input !== undefined)
    child.stdout.on('data', () => output.includes('[y/N]') && child.stdin.end(input));
  return { code: await code, output };
}

/** Runs `admin.js` in a pseudoterminal. */
const onTerminal = (fixture: AdminFixture, args: string, input: string) =>
  shell(fixture, `script --quiet --return --command "$ADMIN ${args}" /dev/null`, input);

describe('changes that require confirmation', () => {
  test.each([
    ['suspend', ['suspend', '--user', 'alice']],
    ['erase', ['erase', '--user', 'alice']],
    ['revoke', ['revoke', '--user', 'alice']],
    ['usage --reset', ['usage', '--user', 'alice', '--reset']],
  ])(
    '%s requires --yes without a terminal, and with --dry-run shows the change without making it',
    async (_, args) => {
      const fixture = await fixtureWithKeys();
      const before = JSON.stringify(await fixture.read());
      const refused = await fixture.run(args);
      expect([refused.code, refused.stdout]).toEqual([64, '']);
      expect(refused.stderr).toMatch(/^Without a terminal, --yes is required/);
      const { code, stdout } = await fixture.run([...args, '--dry-run']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/\nNothing was changed\.\n$/);
      expect(await fixture.json([...args, '--dry-run'])).toMatchObject({
        outcome: 'dry_run',
        user_id: 'alice',
      });
      expect(JSON.stringify(await fixture.read())).toBe(before);
      expect(await fixture.run([...args, '--yes', '--dry-run'])).toMatchObject({ code: 64 });
    },
  );

  test('refuses --dry-run and --yes without a change that they could apply to', async () => {
    const fixture = await fixtureWithKeys();
    for (const option of ['--dry-run', '--yes']) {
      const { code, stderr } = await fixture.run(['usage', '--user', 'alice', option]);
      expect([code, stderr]).toEqual([
        64,
        '--yes and --dry-run apply only to a change. See --help.\n',
      ]);
    }
  });

  test('on a terminal, shows the change, asks for confirmation and proceeds only on y', async () => {
    const fixture = await fixtureWithKeys();
    const no = await onTerminal(fixture, 'revoke --user alice', 'n\n');
    expect(no.output).toMatch(
      /All keys of alice will be revoked permanently: 2 keys \(2 active\)\.[\s\S]*Continue\? \[y\/N\]/,
    );
    expect(no.output).toContain('Nothing was changed.');
    expect(no.code).toBe(1);
    expect(await onTerminal(fixture, 'revoke --user alice', 'y\n')).toMatchObject({ code: 0 });
    expect(await fixture.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
  });

  test('completes the change with the same exit code when the reader of its output exits', async () => {
    const fixture = await fixtureWithKeys();
    // `true` exits, and so closes the pipe, before admin.js writes to it.
    const { code, output } = await shell(fixture, '$ADMIN revoke --user alice --yes 2>&1 | true');
    expect([code, output]).toEqual([0, '']);
    expect(await fixture.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
    expect(
      await shell(fixture, '$ADMIN audit --user alice 2> /dev/null | head -n 1'),
    ).toMatchObject({ code: 0 });
  });

  test('completes the change and exits with 74 when the report cannot be written', async () => {
    const fixture = await fixtureWithKeys();
    const { code, output } = await shell(fixture, '$ADMIN revoke --user alice --yes > /dev/full');
    expect(code).toBe(74);
    expect(output).toMatch(
      /\nThe report could not be written \(ENOSPC\), but the command has completed\.\n$/,
    );
    expect(await fixture.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
  });
});
