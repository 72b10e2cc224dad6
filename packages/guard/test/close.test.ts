import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startVerifyServer, valid } from './harness/verify-server.ts';

const service = await startVerifyServer();

/** Runs a program that starts a guarded service. Returns its output when it exits. */
async function run(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', `${setUp}\n${program}`],
    { cwd: import.meta.dirname, env: { ...process.env, VERIFY: service.url }, timeout: 30_000 },
  );
  return stdout;
}

const setUp = `
  import express from 'express';
  import { makeKey } from '@andamio/schema/key-format';
  import { apiKeyGuard } from '../src/index.ts';
  const guard = apiKeyGuard({ verify: process.env.VERIFY });
  const app = express().use(guard).get('/', (request, response) => void response.json(request.apiKey));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const key = makeKey();
  const get = async () => {
    const headers = { 'X-API-Key': key, connection: 'close' };
    const response = await fetch('http://127.0.0.1:' + server.address().port, { headers });
    await response.text();
  };
  await get();
  await get();
`;

test('close() reports all usage and leaves no open resources', async () => {
  service.received.length = 0;
  service.next(valid());
  const printed = await run(`
    await new Promise((resolve) => server.close(resolve));
    await guard.close();
    await guard.close();
    console.log(JSON.stringify(process.getActiveResourcesInfo()));
  `);
  const open = JSON.parse(printed) as string[];
  expect(open.filter((resource) => /TCP|Timeout|Immediate|TLS/.test(resource))).toEqual([]);
  expect(service.received).toHaveLength(2);
});

test('a process ends after its server is closed, even without close()', async () => {
  expect(await run('server.close();')).toBe('');
});
