import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Requirement } from '../harness/requirements.ts';

const host = 'https://andamio-api-308006323670.us-central1.run.app';

/**
 * The samples of the published page, with the authorization header that all of them lack and the
 * fewest other changes that make them run:
 *
 * - curl and Python: no other change.
 * - JavaScript: added the method and the content type, because it sent a body with GET.
 * - Go: renamed one of two variables `body`, which had different types.
 * - Java: added a class, moved text from the line that opens a text block, and corrected the type
 *   of the result of `build()`.
 *
 * The tests do not use the harness's runners, because those run `go vet`. It rejects the Go sample,
 * which uses `res` before it checks the error.
 */
const samples: [
  name: string,
  file: string,
  runAs: string,
  needs: Requirement | undefined,
  command: string[],
][] = [
  ['curl', 'curl.sh', 'sample.sh', 'curl', ['sh', 'sample.sh']],
  ['Python', 'python.py', 'sample.py', 'python', ['python3', 'sample.py']],
  ['JavaScript', 'javascript.mjs.txt', 'sample.mjs', undefined, [process.execPath, 'sample.mjs']],
  ['Go', 'main.go.txt', 'main.go', 'go', ['go', 'run', 'main.go']],
  ['Java', 'Main.java.txt', 'Main.java', 'java', ['java', 'Main.java']],
];

describe('published samples', () => {
  let service: TestProcess;
  beforeAll(async () => {
    service = await startProcess();
  });
  afterAll(() => service.signal('SIGKILL'));

  async function run(
    file: string,
    runAs: string,
    [command, ...args]: string[],
    token: string,
  ): Promise<string> {
    const published = readFileSync(new URL(`./published/${file}`, import.meta.url), 'utf8');
    const folder = mkdtempSync(join(tmpdir(), 'sample-'));
    writeFileSync(
      join(folder, runAs),
      published.replace(host, service.url).replace('YOUR_JWT_TOKEN', token),
    );
    const { stdout } = await promisify(execFile)(command as string, args, { cwd: folder });
    return stdout;
  }

  for (const [name, file, runAs, needs, command] of samples) {
    test.skipIf(needs !== undefined && !inject('available').includes(needs))(
      `the published ${name} sample gets a key`,
      async () => {
        const output = await run(file, runAs, command, tokenFor(`a reader of ${name}`));
        expect(output).toMatch(/"api_key":"ant-[0-9A-Za-z]{40}"/);
        expect(output).toContain('"name":"MyFirstKey"');
        expect(await run(file, runAs, command, 'YOUR_JWT_TOKEN')).toContain(
          'Unauthorized: Invalid or missing credentials.',
        );
      },
    );
  }
});
