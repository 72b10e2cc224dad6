import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { endWithFile } from '@andamio/testing/end-with-file';
import { freePort } from '@andamio/testing/free-port';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { waitFor } from '@andamio/testing/wait-for';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { temporaryFolder } from './harness/proxy.ts';
import { pythonWith, recipeModules } from './harness/requirements.ts';
import { issue, startService } from './harness/service.ts';
import { type Answering, answering, breaking, failing, silent } from './harness/verify-server.ts';

const document = readFileSync(new URL('../../../docs/protect.md', import.meta.url), 'utf8');

/** Returns the code block of a language in the document. */
const recipe = (language: string) =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(document)?.[1] ?? '';

/** The command that runs a recipe. */
interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const programs = {
  python(folder: string, port: number): Program {
    writeFileSync(join(folder, 'app.py'), recipe('python'));
    const args = ['-m', 'uvicorn', 'app:app', '--host', '127.0.0.1', '--port', `${port}`];
    return { command: pythonWith(recipeModules) as string, args };
  },

  go(folder: string): Program {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'go.mod'), 'module example\n\ngo 1.22\n');
    writeFileSync(join(folder, 'main.go'), recipe('go'));
    const built = spawnSync('go', ['build', '-o', 'app', '.'], { cwd: folder, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
    return { command: join(folder, 'app'), args: [] };
  },
};

/** A proxy in front of the service. A test can replace its responses. */
interface Front {
  readonly url: string;
  /**
   * Responds to each request with the given fault. If the fault is undefined, forwards requests to
   * the service.
   */
  replaceResponses(fault: Answering | undefined): void;
}

async function startFront(serviceUrl: string): Promise<Front> {
  let fault: Answering | undefined;
  const server = createServer((incoming, response) => {
    if (fault !== undefined) {
      fault(response);
      return;
    }
    const { method, headers, url = '' } = incoming;
    request(serviceUrl + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    }).end();
  });
  const port = await listenOnLoopback(server);
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    replaceResponses(replacement) {
      fault = replacement;
    },
  };
}

describe.each(['python', 'go'] as const)('the recipe for %s', (language) => {
  describe.skipIf(!inject('available').includes(language))('in a running program', () => {
    let program: Program & { readonly folder: string; readonly port: number };
    let front: Front;
    let ask: (headers?: Record<string, string>) => Promise<Response>;
    let service: Awaited<ReturnType<typeof startService>>;

    beforeAll(async () => {
      service = await startService();
      front = await startFront(service.url);
      const folder = temporaryFolder(`recipe-${language}-`);
      const port = await freePort();
      const { command, args } = programs[language](folder, port);
      program = { command, args, folder, port };
      const env = { ...process.env, ANDAMIO_URL: front.url, PORT: `${port}` };
      const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
      let output = '';
      child.stderr.on('data', (text) => (output += text));
      endWithFile(() => void child.kill('SIGKILL'));
      ask = (headers = { 'X-API-Key': makeKey() }) =>
        fetch(`http://127.0.0.1:${port}/`, { headers });
      await waitFor('the program to listen', () => {
        if (child.exitCode !== null) throw new Error(`The program exited:\n${output}`);
        return ask().then(
          () => true,
          () => false,
        );
      });
    });

    beforeEach(() => front.replaceResponses(undefined));

    test(`accepts a key and knows its user, tier and expiry (${language})`, async () => {
      const { userId, key, expiresAt } = await issue(service, 'growth');
      const response = await ask({ 'X-API-Key': key });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ hello: userId, tier: 'growth', until: expiresAt });
    });

    test(`does not start without ANDAMIO_URL, and names it (${language})`, () => {
      const { command, args, folder: cwd, port } = program;
      const env = { PATH: process.env['PATH'], PORT: `${port}` };
      const { status, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([1, expect.stringContaining('ANDAMIO_URL')]);
    });

    test(`forwards the refusal of a missing, malformed or unknown key (${language})`, async () => {
      for (const key of [undefined, '', 'k\u00fc', `${makeKey()},${makeKey()}`, makeKey()]) {
        const response = await ask(key === undefined ? {} : { 'X-API-Key': key });
        expect(response.status, `key: ${key}`).toBe(401);
        expect(response.headers.get('x-error-code')).toBe('invalid_key');
        expect(response.headers.get('www-authenticate')).toBe('ApiKey realm="andamio-api"');
        expect(response.headers.get('content-type')).toMatch(/^application\/json/);
        expect(await response.json()).toMatchObject({ statusCode: 401 });
      }
    });

    test(`forwards the limit of the owner with Retry-After (${language})`, async () => {
      const { key } = await issue(service, 'pioneer');
      let response = await ask({ 'X-API-Key': key });
      for (let sent = 1; response.status === 200 && sent < 30; sent++)
        response = await ask({ 'X-API-Key': key });
      expect(response.status).toBe(429);
      expect(response.headers.get('x-error-code')).toBe('rate_limited');
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(response.headers.get('x-ratelimit-remaining')).toBe('0');
      expect(await response.json()).toMatchObject({ statusCode: 429 });
    });

    test.each<[string, Answering]>([
      ['the connection breaks', breaking],
      ['the service does not respond in time', silent],
      ['the service cannot verify keys', failing('verification_unavailable')],
      ['the service fails', failing('internal')],
      ['another server accepts', answering(200, {}, '{"user_id":"mallory","tier":"growth"}')],
      ['another server refuses', answering(401, { 'WWW-Authenticate': 'Bearer' }, '<html>')],
      ['another server redirects', answering(302, { Location: 'http://127.0.0.1:9/' }, '')],
      [
        "the limit is that of the program's own address",
        failing('rate_limited', { 'RateLimit-Policy': '"address"; q=600; w=60; pk=:YQ==:' }),
      ],
    ])(`responds with 503 if %s (${language})`, async (_what, fault) => {
      front.replaceResponses(fault);
      const response = await ask();
      expect(response.status).toBe(503);
      expect(response.headers.get('x-error-code')).toBe('verification_unavailable');
      expect(await response.json()).toMatchObject({ statusCode: 503 });
    });
  });
});
