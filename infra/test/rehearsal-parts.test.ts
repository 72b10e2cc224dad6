import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './harness/stack.ts';
import { documentedCommands } from './rehearsal/documented-commands.ts';
import { filesIn, SecretSearch } from './rehearsal/secret-search.ts';

describe('commands of a document', () => {
  function document(text: string): string {
    const file = join(temporaryFolder(), 'document.md');
    writeFileSync(file, text);
    return file;
  }

  test('are the lines of the sh blocks under the heading and its subheadings', () => {
    const file = document(
      '# A\n```sh\nother\n```\n## B\n```sh\none\n# two\n```\n```text\nnot this\n```\n### C\n```sh\nthree\n```\n## D\n```sh\nother\n```\n',
    );
    expect(documentedCommands(file, 'B')).toEqual(['one', '# two', 'three']);
  });

  test('continue on the next line after a backslash', () => {
    const file = document('# A\n```sh\none \\\n  --two \\\n  --three\nfour\n```\n');
    expect(documentedCommands(file, 'A')).toEqual(['one --two --three', 'four']);
  });

  test('that grant a role in the project name its condition, which gcloud otherwise asks for', () => {
    const folder = join(import.meta.dirname, '../../docs');
    const commands = readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .flatMap((text) => text.match(/gcloud\s+projects add-iam-policy-binding[^`]*/g) ?? []);
    expect(commands.length).toBeGreaterThan(1);
    expect(commands.filter((command) => !command.includes('--condition='))).toEqual([]);
  });

  test('of docs/deploy.md are under headings that the rehearsal reads', () => {
    const text = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
    const acts = ['own-project', 'documented-project'].map((act) =>
      text(`rehearsal/acts/${act}.ts`),
    );
    const [, ...sections] = text('../../docs/deploy.md').split(/^#+ (?=.*$)/m);
    const withCommands = sections
      .filter((section) => /^```sh$/m.test(section))
      .map((section) => section.slice(0, section.indexOf('\n')));
    expect(withCommands.length).toBeGreaterThan(3);
    for (const heading of withCommands) expect(acts.join('')).toContain(`'${heading}'`);
  });

  test('must exist', () => {
    expect(() => documentedCommands(document('# A\n'), 'A')).toThrow('has no commands under "A"');
  });
});

describe('the search for secrets', () => {
  const value = 'a-secret-value-of-this-test';

  /** Starts a long-running process with the given arguments and environment. */
  async function waiting(args: readonly string[], env: Record<string, string>) {
    const child = spawn(
      process.execPath,
      ['--eval', 'console.log(1); setInterval(() => {}, 1000)', ...args],
      { env },
    );
    onTestFinished(() => void child.kill());
    await once(child.stdout, 'data');
  }

  async function found(files: readonly string[] = []): Promise<string[]> {
    const search = new SecretSearch();
    search.look();
    return search.end([value], files);
  }

  test('finds a value in arguments, in environments and in files', async () => {
    await waiting([value], {});
    expect(await found()).toHaveLength(1);
    await waiting([], { SETTING: `x${value}y` });
    expect(await found()).toHaveLength(2);
    const folder = temporaryFolder();
    const file = join(folder, 'state.json');
    writeFileSync(file, JSON.stringify({ nested: { value } }));
    expect(await found(filesIn(folder))).toContain(file);
  });

  test.each(['K_SERVICE', 'CLOUD_RUN_JOB'])(
    'ignores the environment of Cloud Run containers, but not their arguments: %s',
    async (name) => {
      await waiting([], { [name]: 'andamio-api', JWT_SECRETS: value });
      expect(await found()).toEqual([]);
      await waiting([value], { [name]: 'andamio-api' });
      expect(await found()).toHaveLength(1);
    },
  );
});
