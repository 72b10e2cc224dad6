import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyStore } from '@andamio/keys/store';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { getUser, requestPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createHttpServer } from '../../src/http/connections/server.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { sendRaw } from '../harness/raw-socket.ts';

const live = 'GET /health/live HTTP/1.1\r\nHost: x\r\n';
const last = 'Connection: close\r\n\r\n';

/** Returns a raw HTTP request for a key. */
function keyRequest(sub: string, name: string): string {
  const body = JSON.stringify({ api_key_name: name });
  const head = [
    `POST ${requestPath} HTTP/1.1`,
    'Host: x',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `Authorization: Bearer ${tokenFor(sub)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const statusesOf = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

describe('pipelined requests', () => {
  let app: TestApp;
  /**
   * Delay of the store in milliseconds. A long delay gives later requests the chance to overtake
   * earlier ones.
   */
  let storeDelay = 0;
  beforeAll(async () => {
    const store = createSqliteStore(':memory:', Date.now);
    const late: KeyStore = {
      ...store,
      transact: async (scope, decide) => {
        const outcome = await store.transact(scope, decide);
        await delay(storeDelay);
        return outcome;
      },
    };
    app = await startApp({
      store: late,
      timeouts: { headersTimeout: 1_000, requestTimeout: 1_000, connectionsCheckingInterval: 50 },
    });
  });
  afterAll(() => app.close());

  const namesOf = async (sub: string) => {
    const { body } = await getUser(app.url, { token: tokenFor(sub) });
    return (body['active_keys'] as { name: string }[]).map(({ name }) => name);
  };

  const broken: readonly [string, string, number][] = [
    ['garbage', 'hello there\r\n\r\n', 400],
    ['a body that is longer than its Content-Length', '}}}}', 400],
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
    ],
    [
      'two Content-Lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
    ],
    [
      'an invalid chunk',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
      400,
    ],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n', 405],
  ];

  test.each(broken)(
    'answers pipelined requests in order before it refuses %s',
    async (what, bytes, refusal) => {
      for (storeDelay of [0, 100]) {
        const sub = `${what} ${storeDelay}`;
        const { text } = await sendRaw(
          app.port,
          `${keyRequest(sub, 'one')}${keyRequest(sub, 'two')}${bytes}`,
        );
        expect(statusesOf(text)).toEqual([200, 200, refusal]);
        expect(text.indexOf('"name":"one"')).toBeLessThan(text.indexOf('"name":"two"'));
        expect(await namesOf(sub)).toEqual(['one', 'two']);
      }
    },
  );

  test('answers a request before it refuses garbage that arrives later in pieces', async () => {
    const asked = Promise.withResolvers<void>();
    const refused = Promise.withResolvers<void>();
    const store = createSqliteStore(':memory:', Date.now);
    const waiting = await startApp({
      store: {
        ...store,
        transact: async (scope, decide) => {
          asked.resolve();
          await refused.promise;
          return store.transact(scope, decide);
        },
      },
    });
    onTestFinished(() => waiting.close());
    waiting.server.on('clientError', () => refused.resolve());
    const socket = connect(waiting.port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    let answers = '';
    socket.on('data', (data) => (answers += data)).on('error', () => {});
    const closed = once(socket, 'close');
    socket.write(keyRequest('pieces', 'one'));
    await asked.promise;
    for (const piece of ['hello ', 'there\r\n', '\r\n', 'more\r\n\r\n'])
      await new Promise((resolve) => socket.write(piece, resolve));
    await closed;
    expect(statusesOf(answers)).toEqual([200, 400]);
  });

  test('responds once to a request with a malformed body, even if it has responded already', async () => {
    const chunked = (headers: string) =>
      `POST ${requestPath} HTTP/1.1\r\nHost: x\r\n${headers}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`;
    const asOwner = `Content-Type: application/json\r\nAuthorization: Bearer ${tokenFor('broken')}\r\n`;
    expect(statusesOf((await sendRaw(app.port, chunked(asOwner))).text)).toEqual([400]);
    const [status, ...more] = statusesOf((await sendRaw(app.port, chunked(''))).text);
    expect([400, 401]).toContain(status);
    expect(more).toEqual([]);
  });

  test('answers a request although the next one is never completed', async () => {
    storeDelay = 1_500; // Longer than a request may take to arrive.
    const { text } = await sendRaw(
      app.port,
      `${keyRequest('unfinished', 'one')}POST / HTTP/1.1\r\nHost: x\r\n`,
    );
    expect(statusesOf(text)).toEqual([200]);
  });

  test('does not handle a request after one with Connection: close', async () => {
    storeDelay = 0;
    const { text } = await sendRaw(
      app.port,
      `${live}Connection: close\r\n\r\n${keyRequest('late', 'never')}`,
    );
    expect(statusesOf(text)).toEqual([200]);
    expect(await namesOf('late')).toEqual([]);
  });

  test.each([
    ['websocket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
    [
      'h2c',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    ],
    ['another protocol', 'Connection: keep-alive, upgrade\r\nUpgrade: x/1\r\n'],
  ])(
    'answers a request that offers an upgrade to %s, closes the connection and handles no later request',
    async (what, offer) => {
      for (storeDelay of [0, 100]) {
        const sub = `${what} ${storeDelay}`;
        const first = keyRequest(sub, 'first');
        const [line = '', ...rest] = keyRequest(sub, 'second').split('\r\n');
        const second = [line, offer.trimEnd(), ...rest].join('\r\n');
        const { text } = await sendRaw(
          app.port,
          `${first}${second}${keyRequest(sub, 'third')}${live}${last}`,
        );
        expect(statusesOf(text)).toEqual([200, 200]);
        expect(text).toContain('\r\nConnection: close\r\n');
        expect(await namesOf(sub)).toEqual(['first', 'second']);
      }
    },
  );

  test('closes the connection after a GET that offers an upgrade', async () => {
    const { text } = await sendRaw(
      app.port,
      `${live}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n${live}${last}`,
    );
    expect(statusesOf(text)).toEqual([200]);
    expect(text).toContain('\r\nConnection: close\r\n');
  });

  test('closes a refused connection even if the client keeps it open', async () => {
    const socket = connect({ port: app.port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {}).resume();
    socket.write('hello there\r\n\r\n');
    const dripping = setInterval(() => socket.write('x'), 50);
    onTestFinished(() => clearInterval(dripping));
    await closed;
  }, 15_000);
});

describe('a connection that sends more than the service has handled', () => {
  const packet = 64 * 1024; // The most that the service reads and parses at once.
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const get = (headers = '') => `GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

  /** Starts a server that echoes bodies, but answers its first request only when `open` is called. */
  async function start() {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const refusals: string[] = [];
    let parsed = 0;
    async function echo(request: IncomingMessage, response: ServerResponse) {
      if (request.headers['x-first'] !== undefined) await opened;
      response.end(Buffer.concat(await request.toArray()));
    }
    const server = createHttpServer(
      (request, response) => void echo(request, response).catch(() => {}),
      (code) => refusals.push(code),
    );
    server.prependListener('request', () => parsed++);
    const port = await listenOnLoopback(server);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    /** Waits until the server has taken a request of another connection, and all before it. */
    const turn = async () => {
      await fetch(`http://127.0.0.1:${port}`);
      parsed--;
    };
    return { server, port, open, turn, refusals, parsed: () => parsed };
  }

  test.each([
    ['while a hundred of its requests wait', get()],
    ['after its last request', get(upgrade)],
  ])('is not read %s', async (_when, last) => {
    const { port, open, turn, parsed } = await start();
    const [early, late] = [50, 20_000];
    const mostParsed = 100 + (2 * packet) / get().length;
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write(`${get('X-First: yes\r\n')}${get().repeat(early - 2)}${last}`);
    await waitFor('the early requests', () => parsed() === early);
    socket.write(get().repeat(late));
    await waitFor('a packet of late requests', () => parsed() > early);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(parsed()).toBeLessThan(mostParsed);
    open();
    socket.resume();
    if (last === get()) return waitFor('all requests', () => parsed() === early + late);
    await once(socket, 'close');
    expect(parsed()).toBeLessThan(mostParsed);
  });

  test('gets all answers in order, and a refusal last', async () => {
    const { port, open, parsed, refusals } = await start();
    const bodies = ['one', 'x'.repeat(3 * packet), 'three'];
    const posts = bodies.map(
      (body) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const flood = get().repeat(5_000);
    const answered = sendRaw(
      port,
      get('X-First: yes\r\n'),
      ...posts.map((post) => flood + post),
      `${flood}hello there\r\n\r\n`,
    );
    await waitFor('a packet', () => parsed() > 1_000);
    open();
    const { text } = await answered;
    expect(statusesOf(text)).toEqual([...Array(20_004).fill(200), 400]);
    const received = bodies.map((body) => text.indexOf(`\r\n\r\n${body}HTTP`));
    expect(received).toEqual(received.toSorted((one, other) => one - other));
    expect(received).not.toContain(-1);
    expect(refusals).toEqual(['malformed_request']);
  });

  test('is reported once when it is refused, whatever follows', async () => {
    const { server, port, open, refusals } = await start();
    let errors = 0;
    server.on('clientError', () => errors++);
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write(get('X-First: yes\r\n'));
    while (errors < 5) {
      socket.write('hello there\r\n\r\n');
      await delay(5);
    }
    open();
    await once(socket.resume(), 'close');
    expect(refusals).toEqual(['malformed_request']);
  });
});
