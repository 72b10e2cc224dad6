import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@andamio/testing/packed';
import { findAvailable, works } from '@andamio/testing/requirements';
import { describe, expect, test } from 'vitest';
import { andamio, inShell, temporaryFolder } from './harness/cli.ts';

const available = findAvailable({
  bash: () => (works('bash', '--version') ? undefined : 'bash'),
  zsh: () => (works('zsh', '--version') ? undefined : 'zsh'),
  fish: () => (works('fish', '--version') ? undefined : 'fish'),
});

const folder = temporaryFolder();

type Shell = (typeof available)[number];

async function scriptFor(shell: Shell): Promise<string> {
  const { code, stdout } = await andamio(['completion', shell]);
  expect(code).toBe(0);
  const file = join(folder, shell);
  await writeFile(file, stdout);
  return file;
}

/**
 * The arguments that make each shell print the completions for a command line. The test adds the
 * path of the completion script and the command line. fish has a command that prints completions.
 * In the other shells, a command calls the completion function as the shell would.
 */
const programs: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    '--norc',
    '-c',
    `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _andamio
     printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
  ],
  zsh: [
    '-f',
    '-c',
    `compdef() { :; }; compadd() { shift; print -l -- "\${(M)@:#\${words[CURRENT]}*}"; }
     source "$1"; shift; words=("$@"); CURRENT=$#; _andamio`,
    'zsh',
  ],
  fish: [
    '--no-config',
    '-c',
    `source $argv[1]; complete -C "$argv[2..-1]" | string replace -r '\\t.*' ''`,
  ],
};

describe.each(available)('completions for %s', async (shell) => {
  const script = await scriptFor(shell);

  test.each<[readonly string[], readonly string[]]>([
    [['lo'], ['login', 'logout']],
    [
      ['keys', ''],
      ['create', 'delete', 'extend', 'list', 'roll'],
    ],
    [['keys', 'create', 'name', '--da'], ['--days']],
    [['--url', 'https://host', 'keys', 'ro'], ['roll']],
    [['--url', '=', 'host', 'usage', '--j'], ['--json']],
    [['usage', '--j'], ['--json']],
    [['completion', 'z'], ['zsh']],
  ])(`${shell} completes andamio %j`, async (words, expected) => {
    const stdout = await run(folder, shell, [...programs[shell], script, 'andamio', ...words]);
    expect(stdout.trim().split('\n').toSorted()).toEqual(expected);
  });
});

describe.runIf(available.includes('zsh'))('an interactive zsh', async () => {
  const script = await scriptFor('zsh');
  const fpath = join(folder, 'fpath');
  await mkdir(fpath);
  await copyFile(script, join(fpath, '_andamio'));

  /**
   * Types a command and Tab into an interactive zsh without a `.zshrc`, runs the completed command,
   * and prints the screen. The command is a function that prints its arguments.
   */
  const typing = `zmodload zsh/zpty
    zpty terminal "HOME=$1 zsh -f -i"
    zpty -w terminal "andamio() { print got: \\$@ }; $2"
    zpty -w terminal $'andamio keys ro\tname'
    zpty -r -m terminal screen '*got: keys *name*'
    print -r -- "$screen"`;

  test.each([
    ['that sources the script without compinit', `source ${script}`],
    ['that runs compinit first', `autoload -Uz compinit; compinit -u; source ${script}`],
    ['that finds the script in fpath', `fpath+=(${fpath}); autoload -Uz compinit; compinit -u`],
  ])('a zsh %s completes a command', async (_, start) => {
    const screen = await run(folder, 'zsh', ['-f', '-c', typing, 'zsh', temporaryFolder(), start]);
    expect(screen).toContain('got: keys roll name');
  });

  test('a zsh without compinit evaluates the script as the help says', async () => {
    const command = `eval "$(cat ${script})" && print $_comps[andamio]`;
    const { stdout, stderr } = await inShell(`zsh -f -c '${command}'`);
    expect({ stdout, stderr }).toEqual({ stdout: '_andamio\n', stderr: '' });
  });
});

test('an unknown shell is refused', async () => {
  expect(await andamio(['completion', 'csh'])).toMatchObject({
    code: 64,
    stderr: 'SHELL must be one of: bash, zsh, fish. See --help.\n',
  });
});
