import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenFor } from '@andamio/testing/tokens';
import { expect, test } from 'vitest';
import { andamio, onTerminal, startService, temporaryFolder } from './harness/cli.ts';

const { url } = await startService();

const folder = temporaryFolder();
async function fileWith(name: string, token: string): Promise<string> {
  await writeFile(join(folder, name), `Bearer ${token}\n`);
  return join(folder, name);
}
const userOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout).user_id as string;

test('the token comes from --token-command, else ANDAMIO_TOKEN, else ANDAMIO_TOKEN_COMMAND', async () => {
  const option = `cat ${await fileWith('option', tokenFor('option'))}`;
  const command = `cat ${await fileWith('command', tokenFor('command'))}`;
  const all = {
    ANDAMIO_URL: url,
    ANDAMIO_TOKEN: tokenFor('variable'),
    ANDAMIO_TOKEN_COMMAND: command,
  };
  const whoami = ['whoami', '--json'];
  expect(userOf(await andamio([...whoami, '--token-command', option], { env: all }))).toBe(
    'option',
  );
  expect(userOf(await andamio(whoami, { env: all }))).toBe('variable');
  expect(userOf(await andamio(whoami, { env: { ...all, ANDAMIO_TOKEN: '' } }))).toBe('command');
});

test('the token command can ask the user on the terminal', async () => {
  const file = await fileWith('asked', tokenFor('asked'));
  const command = `read -p 'PIN? ' pin && test "$pin" = 1234 && cat ${file}`;
  const { code, stdout } = await onTerminal(
    'whoami --json',
    { when: /PIN\?/, text: '1234\n' },
    {
      ANDAMIO_URL: url,
      ANDAMIO_TOKEN_COMMAND: `bash -c "${command.replaceAll('"', '\\"').replaceAll('$', '\\$')}"`,
    },
  );
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining('"user_id":"asked"'),
  });
});

test('a token command that fails is reported with its exit code and without its output', async () => {
  const { code, stdout, stderr } = await andamio(['whoami'], {
    env: { ANDAMIO_URL: url, ANDAMIO_TOKEN_COMMAND: 'echo half-a-secret; exit 3' },
  });
  expect({ code, stdout, stderr }).toEqual({
    code: 77,
    stdout: '',
    stderr: 'The token command ended with exit code 3.\n',
  });
});

test.each([
  ['is empty', 'true', 'The output of the token command is empty.\n'],
  [
    'has several words',
    'echo two words',
    'The output of the token command is not a token: it must be one word of ASCII.\n',
  ],
])('a token command whose output %s is refused', async (_, command, stderr) => {
  const env = { ANDAMIO_URL: url, ANDAMIO_TOKEN_COMMAND: command };
  expect(await andamio(['keys', 'list'], { env })).toEqual({ code: 77, stdout: '', stderr });
});

test('without a token, a command says how to give one', async () => {
  const { code, stderr } = await andamio(['keys', 'list'], { env: { ANDAMIO_URL: url } });
  expect({ code, stderr }).toEqual({
    code: 77,
    stderr: expect.stringMatching(/^This command needs a token\. Set ANDAMIO_TOKEN/),
  });
});

test('a rejected token is reported without quoting it', async () => {
  const token = 'not-a-token-of-this-service';
  const { code, stderr } = await andamio(['keys', 'list'], {
    env: { ANDAMIO_URL: url, ANDAMIO_TOKEN: token },
  });
  expect(code).toBe(77);
  expect(stderr).toMatch(/^unauthenticated: /);
  expect(stderr).toContain('Get a new token from your identity provider.');
  expect(stderr).not.toContain(token);
});

test.each([
  ['key', 'ant-0000000000000000000000000000000000', 'Delete the key.'],
  ['token', tokenFor('argument'), 'Set ANDAMIO_TOKEN.'],
])('a %s as an argument is refused and not quoted', async (kind, text, remedy) => {
  const { makeKey } = await import('@andamio/schema/key-format');
  const secret = kind === 'key' ? makeKey() : text;
  const { code, stdout, stderr } = await andamio(['verify', secret]);
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  expect(stderr).toContain(remedy);
  expect(stderr).not.toContain(secret);
});
