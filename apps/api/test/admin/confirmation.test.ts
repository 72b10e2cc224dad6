import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startWorkplace, type Workplace } from '../harness/admin.ts';
import { requestKey } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

const admin = fileURLToPath(new URL('../../dist/admin.js', import.meta.url));

async function workplaceWithKeys(): Promise<Workplace> {
  const workplace = await startWorkplace('SQLite');
  for (const api_key_name of ['first', 'second']) {
    const { status } = await requestKey(
      workplace.service.url,
      { api_key_name },
      { token: tokenFor('alice', { tier: 'growth' }) },
    );
    expect(status).toBe(200);
  }
  return workplace;
}

/** Runs a shell command with the store's settings. Returns its exit code and all output. */
async function shell({ settings }: Workplace, command: string, input?: string) {
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings, ADMIN: `${process.execPath} ${admin}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  // Typed once the question is on the screen, as a person does.
  if (input !== undefined) child.stdout.on('data', () => output.includes('[y/N]') && child.stdin.end(input));
  return { code: await code, output };
}

/** Runs the tool on a terminal of its own. */
const onTerminal = (workplace: Workplace, args: string, input: string) =>
  shell(workplace, `script --quiet --return --command "$ADMIN ${args}" /dev/null`, input);

describe('changes that cannot be taken back', () => {
  test.each([
    ['suspend', ['suspend', '--user', 'alice']],
    ['erase', ['erase', '--user', 'alice']],
    ['revoke', ['revoke', '--user', 'alice']],
    ['usage --reset', ['usage', '--user', 'alice', '--reset']],
  ])('%s needs --yes without a terminal, and --dry-run says what it would do and changes nothing', async (_, args) => {
    const workplace = await workplaceWithKeys();
    const before = JSON.stringify(await workplace.read());
    const refused = await workplace.run(args);
    expect([refused.code, refused.stdout]).toEqual([64, '']);
    expect(refused.stderr).toMatch(/^Without a terminal, --yes is required/);
    const { code, stdout } = await workplace.run([...args, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nNothing was changed\.\n$/);
    expect(await workplace.json([...args, '--dry-run'])).toMatchObject({ outcome: 'dry_run', user_id: 'alice' });
    expect(JSON.stringify(await workplace.read())).toBe(before);
    expect(await workplace.run([...args, '--yes', '--dry-run'])).toMatchObject({ code: 64 });
  });

  test('a terminal shows what will be done and asks: y does it, anything else does not', async () => {
    const workplace = await workplaceWithKeys();
    const no = await onTerminal(workplace, 'revoke --user alice', 'n\n');
    expect(no.output).toMatch(
      /All keys of alice are revoked for good: 2 keys, 2 of them active\.[\s\S]*Continue\? \[y\/N\]/,
    );
    expect(no.output).toContain('Nothing was changed.');
    expect(no.code).toBe(1);
    expect(await onTerminal(workplace, 'revoke --user alice', 'y\n')).toMatchObject({ code: 0 });
    expect(await workplace.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
  });

  test('a reader that goes away changes neither what is done nor the exit code', async () => {
    const workplace = await workplaceWithKeys();
    // The pipe is closed before the tool writes to it.
    const { code, output } = await shell(workplace, '$ADMIN revoke --user alice --yes 2>&1 | true');
    expect([code, output]).toEqual([0, '']);
    expect(await workplace.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
    expect(await shell(workplace, '$ADMIN audit --user alice 2> /dev/null | head -n 1')).toMatchObject({ code: 0 });
  });

  test('a report that cannot be written ends with 74, and what it reports is done', async () => {
    const workplace = await workplaceWithKeys();
    const { code, output } = await shell(workplace, '$ADMIN revoke --user alice --yes > /dev/full');
    expect(code).toBe(74);
    expect(output).toMatch(/\nThe report could not be written \(ENOSPC\); what it reports is done all the same\.\n$/);
    expect(await workplace.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
  });
});
