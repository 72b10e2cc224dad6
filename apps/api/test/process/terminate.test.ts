import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { logEvents } from '@andamio/schema/log-events';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { getUsage, requestKey, requestPath, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterEach, describe, expect, test } from 'vitest';

describe('SIGTERM', () => {
  let service: TestProcess | undefined;
  afterEach(() => service?.signal('SIGKILL'));

  /** Sends a request through the agent. Resolves to the response's status, or to the error code. */
  function send(agent: Agent, port: number, name: string, sub: string): Promise<number | string> {
    return new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${tokenFor(sub)}`,
        'content-type': 'application/json',
      };
      const sent = request(
        { agent, port, host: '127.0.0.1', path: requestPath, method: 'POST', headers },
        (response) => {
          response.resume().on('end', () => resolve(response.statusCode as number));
          response.on('error', ({ message }) => resolve(message));
        },
      );
      sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      sent.end(JSON.stringify({ api_key_name: name }));
    });
  }

  test('fails no accepted request on SIGTERM under load', async () => {
    for (let round = 0; round < 5; round++) {
      service = await startProcess();
      const { port, signal, exited } = service;
      const agent = new Agent({ keepAlive: true, maxSockets: 32 });
      const outcomes: (number | string)[] = [];
      let ended = false;
      const client = async (id: number) => {
        for (let index = 0; !ended; index++) {
          const outcome = await send(agent, port, `key ${index}`, `client ${round}-${id}`);
          outcomes.push(outcome);
          // The service no longer listens, so it has not accepted this request.
          if (outcome === 'ECONNREFUSED') ended = true;
        }
      };
      const clients = Array.from({ length: 32 }, (_, id) => client(id));
      await expect.poll(() => outcomes.length).toBeGreaterThan(200);
      signal('SIGTERM');
      const startedAt = Date.now();
      const { code } = await exited;
      ended = true;
      await Promise.all(clients);
      agent.destroy();
      expect(code).toBe(0);
      expect(Date.now() - startedAt).toBeLessThan(8_000);
      expect(service.output().trimEnd().split('\n').at(-1), 'the last log line').toContain(
        '"message":"shut down"',
      );
      const failed = outcomes.filter((outcome) => outcome !== 200 && outcome !== 'ECONNREFUSED');
      expect(failed, `round ${round}, of ${outcomes.length}`).toEqual([]);
    }
  });

  test('answers a request that arrives on a kept-alive connection right after SIGTERM, then closes it', async () => {
    service = await startProcess();
    const { port, signal, exited } = service;
    const get = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(get);
    await expect.poll(() => text).toContain('"live"');
    text = '';
    signal('SIGTERM');
    await expect.poll(() => service?.output()).toContain(logEvents.shuttingDown.event);
    socket.write(get);
    await closed;
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect((await exited).code).toBe(0);
  });

  test('exits with 0 within the grace while a connection is flooded with requests', async () => {
    service = await startProcess({ SHUTDOWN_GRACE_SECONDS: '3' });
    const { port, signal, exited } = service;
    const requests = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000);
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    const flood = () => {
      while (!socket.destroyed && socket.write(requests));
    };
    socket.on('connect', flood).on('drain', flood);
    let received = 0;
    socket.on('data', ({ length }) => {
      received += length;
    });
    await expect.poll(() => received).toBeGreaterThan(1_000_000);
    const startedAt = Date.now();
    signal('SIGTERM');
    expect((await exited).code).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(3_000);
    socket.destroy();
  });

  test('completes active requests within the shortest configurable grace', async () => {
    service = await startProcess({ SHUTDOWN_GRACE_SECONDS: '1' });
    const { port, signal, exited } = service;
    const body = JSON.stringify({ api_key_name: 'under way' });
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      `POST ${requestPath} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokenFor('under way')}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    await expect.poll(() => text).toContain('100 Continue');
    signal('SIGTERM');
    // The request is still being sent.
    await expect.poll(() => service?.output()).toContain(logEvents.shuttingDown.event);
    socket.write(body);
    await closed;
    expect(text).toContain('HTTP/1.1 200 OK\r\n');
    expect((await exited).code).toBe(0);
    expect(service.output(), 'it ended before the grace did').toContain('"message":"shut down"');
  });

  test('exits with 0 within the grace after two SIGTERMs, even if a request never ends', async () => {
    service = await startProcess({ SHUTDOWN_GRACE_SECONDS: '3' });
    const { port, signal, exited } = service;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise<void>((resolve) =>
      socket.write(
        `POST ${requestPath} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokenFor('slow')}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
        () => resolve(),
      ),
    );
    const startedAt = Date.now();
    signal('SIGTERM');
    signal('SIGTERM');
    expect((await exited).code).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(3_000);
    socket.destroy();
  });

  test('logs how many requests are lost to usage if the store does not respond until the grace ends', async () => {
    service = await startProcess({ SHUTDOWN_GRACE_SECONDS: '2' });
    const { url, folder, signal, exited } = service;
    const token = tokenFor('user');
    const { body } = await requestKey(url, { api_key_name: 'name' }, { token });
    const key = body['api_key'] as string;
    const verify = async () => expect((await verifyKey(url, key)).status).toBe(200);
    await verify();
    const storedUsage = async () =>
      (await getUsage(url, { token })).body['daily_quota_consumed'] as number;
    await expect.poll(storedUsage).toBe(1);
    const otherProcess = new DatabaseSync(join(folder, '.data', 'keys.db'));
    otherProcess.exec('BEGIN EXCLUSIVE');
    try {
      for (let request = 0; request < 3; request++) await verify();
      signal('SIGTERM');
      expect((await exited).code).toBe(0);
    } finally {
      otherProcess.close();
    }
    const lines = service
      .output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ event }) => event === logEvents.usageLost.event)).toMatchObject([
      {
        severity: 'WARNING',
        message: logEvents.usageLost.message,
        err: { message: 'Requests whose usage was not stored before the process exited: 3.' },
      },
    ]);
    expect(lines.at(-1)).toMatchObject({
      severity: 'WARNING',
      message: 'exiting before the shutdown is complete, because its grace period has ended',
    });
  });
});
