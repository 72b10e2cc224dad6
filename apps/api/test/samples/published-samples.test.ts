import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startProcess, type TestProcess } from '../harness/process.ts';
import type { Requirement } from '../harness/requirements.ts';
import { tokenFor } from '../harness/tokens.ts';

const host = 'https://andamio-api-308006323670.us-central1.run.app';

/**
 * The samples of the published page with the header that all of them lack, and mended no further than is needed to run.
 * curl and Python run as they stand. JavaScript sends a body with GET: it needs the method, and the content type. Go
 * declares `body` twice with different types: the first has another name here. Java opens a text block on the line of its
 * first text, keeps what `build()` returns as a builder and stands in no class.
 *
 * Not run by the harness's runners: they hold samples to `go vet` first, which refuses that Go uses `res` before it looks at the
 * error. That would be mending more than is needed to run.
 */
const samples: [name: string, file: string, runAs: string, needs: Requirement | undefined, command: string[]][] = [
  ['curl', 'curl.sh', 'sample.sh', 'curl', ['sh', 'sample.sh']],
  ['Python', 'python.py', 'sample.py', 'python', ['python3', 'sample.py']],
  ['JavaScript', 'javascript.mjs.txt', 'sample.mjs', undefined, [process.execPath, 'sample.mjs']],
  ['Go', 'main.go.txt', 'main.go', 'go', ['go', 'run', 'main.go']],
  ['Java', 'Main.java.txt', 'Main.java', 'java', ['java', 'Main.java']],
];

describe('the published samples, given the header they lack, get a key', () => {
  let service: TestProcess;
  beforeAll(async () => {
    service = await startProcess();
  });
  afterAll(() => service.signal('SIGKILL'));

  async function run(file: string, runAs: string, [command, ...args]: string[], token: string): Promise<string> {
    const published = readFileSync(new URL(`./published/${file}`, import.meta.url), 'utf8');
    const folder = mkdtempSync(join(tmpdir(), 'sample-'));
    writeFileSync(join(folder, runAs), published.replace(host, service.url).replace('YOUR_JWT_TOKEN', token));
    const { stdout } = await promisify(execFile)(command as string, args, { cwd: folder });
    return stdout;
  }

  for (const [name, file, runAs, needs, command] of samples) {
    test.skipIf(needs !== undefined && !inject('available').includes(needs))(name, async () => {
      const output = await run(file, runAs, command, tokenFor(`a reader of ${name}`));
      expect(output).toMatch(/"api_key":"ant-[0-9A-Za-z]{40}"/);
      expect(output).toContain('"name":"MyFirstKey"');
      expect(await run(file, runAs, command, 'YOUR_JWT_TOKEN')).toContain(
        'Unauthorized: Invalid or missing credentials.',
      );
    });
  }
});
