import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { talk } from '../harness/raw-socket.ts';
import { tokenFor } from '../harness/tokens.ts';

describe('paths and methods', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  async function ask(method: string, path: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${app.url}${path}`, { method, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  }

  test.each([
    ['POST', '/'],
    ['POST', '/api/v1/apikey'],
    ['POST', '/api/v1/apikey/request/'],
    ['POST', '/api/v1/APIKEY/request'],
    ['POST', '/API/v1/apikey/request'],
    ['POST', '/api/v1//apikey/request'],
    ['POST', '/api/v2/apikey/request'],
    ['POST', '/api/v1/apikey/request%2f'],
    ['GET', '/health'],
    ['GET', '/health/live/'],
    ['GET', '/api/v1/docs/doc.json/'],
    ['PUT', '/nothing'],
  ])('%s %s is 404, with and without a token', async (method, path) => {
    expectError(await ask(method, path), 404, 'not_found');
    expectError(await ask(method, path, { authorization: `Bearer ${tokenFor('user')}` }), 404, 'not_found');
  });

  test.each([
    ['GET', '/api/v1/apikey/request', 'POST'],
    ['PUT', '/api/v1/apikey/request', 'POST'],
    ['PATCH', '/api/v1/apikey/request', 'POST'],
    ['DELETE', '/api/v1/apikey/request', 'POST'],
    ['OPTIONS', '/api/v1/apikey/request', 'POST'],
    ['POST', '/api/v1/docs/doc.json', 'GET, HEAD'],
    ['DELETE', '/health/ready', 'GET, HEAD'],
    ['POST', '/health/live', 'GET, HEAD'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const answer = await ask(method, path);
    expectError(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test('HEAD of a path that only takes POST is 405 too', async () => {
    const response = await fetch(`${app.url}/api/v1/apikey/request`, { method: 'HEAD' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('a path that cannot be decoded is 404 or 400, never 500', async () => {
    const { text } = await talk(app.port, 'GET /%ff%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  test('the OpenAPI document is the one in the repository, for anybody', async () => {
    const committed = readFileSync(new URL('../../../../packages/schema/openapi.json', import.meta.url), 'utf8');
    const { status, body } = await ask('GET', '/api/v1/docs/doc.json');
    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(committed));
  });

  test('health says that the process runs and that the store answers', async () => {
    expect(await ask('GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await ask('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });
});
