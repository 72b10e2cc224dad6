import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { makeKey } from '@andamio/schema/key-format';
import { endWithFile } from '@andamio/testing/end-with-file';
import { freePort } from '@andamio/testing/free-port';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { waitFor } from '@andamio/testing/wait-for';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { temporaryFolder } from './harness/proxy.ts';
import { pythonWith, recipeModules } from './harness/requirements.ts';
import { issue, startService } from './harness/service.ts';
import { type Answering, answering, breaking, failing, identity } from './harness/verify-server.ts';

const document = readFileSync(new URL('../../../docs/protect.md', import.meta.url), 'utf8');

type Language = 'python' | 'go';

/** Returns the code blocks of a language in the document: the recipe and the program that uses it. */
function blocksOf(language: Language): readonly [recipe: string, program: string] {
  const blocks = document.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'));
  const [recipe = '', program = ''] = Array.from(blocks, ([, code = '']) => code);
  return [recipe, program];
}

/** The command that runs a recipe. */
interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const programs = {
  python(folder: string, port: number): Program {
    const [recipe, program] = blocksOf('python');
    writeFileSync(join(folder, 'apikey.py'), recipe);
    writeFileSync(join(folder, 'app.py'), program);
    const args = ['-m', 'uvicorn', 'app:app', '--host', '127.0.0.1', '--port', `${port}`];
    return { command: pythonWith(recipeModules) as string, args };
  },

  go(folder: string): Program {
    const [recipe, program] = blocksOf('go');
    writeFileSync(join(folder, 'go.mod'), 'module example\n\ngo 1.22\n');
    writeFileSync(join(folder, 'apikey.go'), recipe);
    writeFileSync(join(folder, 'main.go'), program);
    const built = spawnSync('go', ['build', '-o', 'app', '.'], { cwd: folder, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
    const unformatted = spawnSync('gofmt', ['-d', '.'], { cwd: folder, encoding: 'utf8' });
    if (unformatted.stdout !== '') throw new Error(`gofmt: ${unformatted.stdout}`);
    return { command: join(folder, 'app'), args: [] };
  },
};

/** A proxy in front of the service. A test can replace its responses. */
interface Front {
  readonly url: string;
  /** The headers of the received requests, oldest first. */
  readonly received: readonly IncomingHttpHeaders[];
  /**
   * Responds to each request with the given fault. If the fault is undefined, forwards requests to
   * the service.
   */
  replaceResponses(fault: Answering | undefined): void;
  /** Stops listening, so that connections are refused. */
  stop(): void;
}

async function startFront(serviceUrl: string): Promise<Front> {
  let fault: Answering | undefined;
  const received: IncomingHttpHeaders[] = [];
  const server = createServer((incoming, response) => {
    received.push(incoming.headers);
    if (fault !== undefined) {
      fault(response);
      return;
    }
    const { method, rawHeaders: headers, url = '' } = incoming;
    request(serviceUrl + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    })
      .on('error', () => response.destroy())
      .end();
  });
  const port = await listenOnLoopback(server);
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  endWithFile(stop);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    replaceResponses(replacement) {
      fault = replacement;
    },
    stop,
  };
}

/** Opens a WebSocket of the application without a key, and one with the key in `KEY`. */
const webSocketProgram = `
import os
from app import app
from fastapi import WebSocket
from fastapi.testclient import TestClient

@app.websocket("/socket")
async def accept(socket: WebSocket):
    await socket.accept()
    await socket.send_text("accepted")

with TestClient(app) as client:
    try:
        with client.websocket_connect("/socket") as socket:
            refused = socket.receive_text()
    except Exception as denial:
        refused = denial.status_code
    with client.websocket_connect("/socket", headers={"X-API-Key": os.environ["KEY"]}) as socket:
        print(refused, socket.receive_text())
`;

/** A response of a program. */
interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Sends a request to a program over a new connection, because uvicorn closes an idle one after five
 * seconds.
 */
const send = (port: number, headers: OutgoingHttpHeaders) =>
  new Promise<Reply>((resolve, reject) => {
    request({ host: '127.0.0.1', port, headers, agent: false }, (answer) => {
      const { statusCode: status } = answer;
      text(answer).then((body) => resolve({ status, headers: answer.headers, body }), reject);
    })
      .on('error', reject)
      .end();
  });

/** A program that runs a recipe, and how it was started. */
interface RunningProgram extends Program {
  readonly folder: string;
  readonly port: number;
  /** Sends a request to the program. By default, the request has an unknown key. */
  ask(headers?: OutgoingHttpHeaders): Promise<Reply>;
}

/** Starts the program of a recipe with settings, and waits until it responds. */
async function startProgram(
  language: Language,
  settings: Readonly<Record<string, string>>,
): Promise<RunningProgram> {
  const folder = temporaryFolder(`recipe-${language}-`);
  const port = await freePort();
  const { command, args } = programs[language](folder, port);
  const env = { ...process.env, PORT: `${port}`, ...settings };
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  endWithFile(() => void child.kill('SIGKILL'));
  const ask = (headers: OutgoingHttpHeaders = { 'X-API-Key': makeKey() }) => send(port, headers);
  await waitFor('the program to listen', () => {
    if (child.exitCode !== null) throw new Error(`The program exited:\n${output}`);
    return ask().then(
      () => true,
      () => false,
    );
  });
  return { command, args, folder, port, ask };
}

/** Responds with the head of an acceptance, and then sends its body without end. */
const dripping: Answering = (response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', ...identity });
  response.write('{"user_id":"');
  const timer = setInterval(() => response.write('m'), 200);
  response.once('close', () => clearInterval(timer));
};

/**
 * The largest number of lines of a recipe, without blank lines and comments. Go needs 13 for the
 * package clause, the imports and the type, and 7 for closing brackets.
 */
const maximumLines = { python: 25, go: 39 } as const;

const isComment = (line: string) => /^\s*(#|\/\/)/.test(line);

describe.each(['python', 'go'] as const)('the recipe for %s', (language) => {
  test(`has at most ${maximumLines[language]} lines of code (${language})`, () => {
    const lines = blocksOf(language)[0].split('\n');
    const code = lines.filter((line) => line.trim() !== '' && !isComment(line));
    expect(code.length).toBeGreaterThan(20);
    expect(code.length).toBeLessThanOrEqual(maximumLines[language]);
    expect(code.filter((line) => line.length > 100 || line.includes(';'))).toEqual([]);
  });

  describe.skipIf(!inject('available').includes(language))('in a running program', () => {
    let program: RunningProgram;
    let ask: RunningProgram['ask'];
    let front: Front;
    let service: Awaited<ReturnType<typeof startService>>;
    const guardSecret = 'g'.repeat(32);

    beforeAll(async () => {
      service = await startService({ GUARD_SECRETS: guardSecret, IP_RATE_LIMIT_PER_MINUTE: '20' });
      front = await startFront(service.url);
      const settings = { ANDAMIO_URL: front.url, ANDAMIO_GUARD_SECRET: guardSecret };
      program = await startProgram(language, settings);
      ask = program.ask;
    });

    beforeEach(() => front.replaceResponses(undefined));

    /** Sends each key in a header of its own. */
    const statusFor = async (keys: string[]) => (await ask({ 'X-API-Key': keys })).status;

    test(`accepts a key and knows its user, name and tier (${language})`, async () => {
      const { userId, key } = await issue(service, 'growth');
      const response = await ask({ 'X-API-Key': key });
      expect(response.status).toBe(200);
      expect(JSON.parse(response.body)).toEqual({
        hello: userId,
        key: 'MyFirstKey',
        tier: 'growth',
      });
    });

    const webSockets = async () => {
      const { key } = await issue(service);
      const { command, folder: cwd } = program;
      const env = { ...process.env, ANDAMIO_URL: front.url, KEY: key };
      const child = spawn(command, ['-c', webSocketProgram], { cwd, env });
      expect(await text(child.stdout)).toBe('401 accepted\n');
    };
    if (language === 'python') test('protects WebSocket routes (python)', webSockets);

    test.each([
      ['is missing', {}],
      ['is empty', { ANDAMIO_URL: '' }],
      ['has no scheme', { ANDAMIO_URL: '127.0.0.1:8080' }],
    ])(`does not start if ANDAMIO_URL %s, and names it (${language})`, (_what, settings) => {
      const { command, args, folder: cwd, port } = program;
      const env = { PATH: process.env['PATH'], PORT: `${port}`, ...settings };
      const { status, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
      expect([status, stderr]).toEqual([1, expect.stringContaining('ANDAMIO_URL')]);
    });

    test(`refuses a missing, malformed or unknown key (${language})`, async () => {
      for (const key of [undefined, '', 'k\u00fc', `${makeKey()},${makeKey()}`, makeKey()]) {
        const response = await ask(key === undefined ? {} : { 'X-API-Key': key });
        expect(response.status, `key: ${key}`).toBe(401);
        expect(response.headers['x-error-code']).toBe('invalid_key');
        expect(response.headers['www-authenticate']).toBe('ApiKey realm="andamio-api"');
      }
    });

    test(`refuses several keys, even if they are valid (${language})`, async () => {
      const { key } = await issue(service);
      expect(await statusFor([key])).toBe(200);
      const pairs = [key, makeKey(), ''].flatMap((other) => [
        [key, other],
        [other, key],
      ]);
      for (const keys of pairs) expect(await statusFor(keys)).toBe(401);
    });

    test(`refuses a deleted key (${language})`, async () => {
      const { key, revoke } = await issue(service);
      expect(await statusFor([key])).toBe(200);
      await revoke();
      await waitFor('the key to be refused', async () => (await statusFor([key])) === 401);
    });

    test(`sends the key and its own secret, and nothing of the client's (${language})`, async () => {
      const { key } = await issue(service);
      const own = {
        Authorization: 'Bearer 1',
        Cookie: 'a=1',
        'X-Cached-Answers': '9',
        'X-Guard-Secret': 'x'.repeat(32),
      };
      expect((await ask({ 'X-API-Key': key, ...own })).status).toBe(200);
      const sent = front.received.at(-1) ?? {};
      expect(sent).toMatchObject({ 'x-api-key': key, 'x-guard-secret': guardSecret });
      for (const name of ['authorization', 'cookie', 'x-cached-answers'])
        expect(sent).not.toHaveProperty(name);
    });

    test(`has no limit of unknown keys, because it sends the secret (${language})`, async () => {
      for (let sent = 0; sent < 25; sent++) expect((await ask()).status).toBe(401);
    });

    test.each([
      ['unset', {}],
      ['empty', { ANDAMIO_GUARD_SECRET: '' }],
    ])(
      `with the secret %s, forwards the limit of its own address with Retry-After, and accepts known keys (${language})`,
      async (_what, settings) => {
        const limited = await startService({
          GUARD_SECRETS: guardSecret,
          IP_RATE_LIMIT_PER_MINUTE: '20',
        });
        const { key } = await issue(limited);
        const alone = await startProgram(language, { ANDAMIO_URL: limited.url, ...settings });
        expect((await alone.ask({ 'X-API-Key': key })).status).toBe(200);
        let response = await alone.ask();
        for (let sent = 1; response.status === 401 && sent < 30; sent++)
          response = await alone.ask();
        expect(response.status).toBe(429);
        expect(response.headers['x-error-code']).toBe('rate_limited');
        expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
        expect((await alone.ask({ 'X-API-Key': key })).status).toBe(200);
      },
    );

    test(`forwards the limit of the owner with Retry-After (${language})`, async () => {
      const { key } = await issue(service, 'pioneer');
      let response = await ask({ 'X-API-Key': key });
      for (let sent = 1; response.status === 200 && sent < 30; sent++)
        response = await ask({ 'X-API-Key': key });
      expect(response.status).toBe(429);
      expect(response.headers['x-error-code']).toBe('rate_limited');
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    });

    test(`does not follow a redirect, even to a service that accepts the key (${language})`, async () => {
      const { key } = await issue(service);
      for (const status of [301, 302, 303, 307, 308]) {
        const Location = `${service.url}/api/v1/apikey/verify`;
        front.replaceResponses(answering(status, { Location }, ''));
        expect(await statusFor([key])).toBe(503);
      }
    });

    const acceptance = '{"user_id":"mallory","name":"MyFirstKey","tier":"growth"}';
    test.each<[string, Answering]>([
      ['the connection breaks', breaking],
      ['the service cannot verify keys', failing('verification_unavailable')],
      ['the service fails', failing('internal')],
      ['another server accepts', answering(200, {}, acceptance)],
      ['another server refuses', answering(401, { 'WWW-Authenticate': 'Bearer' }, '<html>')],
      ['the body is no JSON', answering(200, identity, '<html>')],
      ['the body ends early', answering(200, identity, acceptance.slice(0, -9))],
      ['the body has another type', answering(200, identity, '[]')],
      ['the status is no acceptance', answering(202, identity, acceptance)],
      [
        'the head of the response is invalid',
        (response) => void response.socket?.end('200\r\n\r\n'),
      ],
    ])(`responds with 503 if %s (${language})`, async (_what, fault) => {
      front.replaceResponses(fault);
      expect((await ask()).status).toBe(503);
    });

    test(`responds with 503 while the service hangs, and recovers (${language})`, async () => {
      const { key } = await issue(service);
      service.signal('SIGSTOP');
      const before = front.received.length;
      const duringStop = statusFor([key]);
      await waitFor('the service to be asked', () => front.received.length > before);
      front.replaceResponses(dripping);
      const duringBody = statusFor([key]);
      expect(await Promise.all([duringStop, duringBody])).toEqual([503, 503]);
      front.replaceResponses(undefined);
      service.signal('SIGCONT');
      await waitFor('the service to accept the key', async () => (await statusFor([key])) === 200);
    });

    test(`responds with 503 while the service is down (${language})`, async () => {
      const { key } = await issue(service);
      expect(await statusFor([key])).toBe(200);
      await service.stop('SIGKILL');
      expect(await statusFor([key])).toBe(503);
      front.stop();
      expect(await statusFor([key])).toBe(503);
    });
  });
});
