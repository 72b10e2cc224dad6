import { newKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { sendRaw } from '../harness/raw-socket.ts';

let app: TestApp;
let credentials: string;
beforeAll(async () => {
  app = await startApp();
  const key = await newKey(app.url, 'user');
  credentials = `X-API-Key: ${key}\r\nAuthorization: Bearer ${tokenFor('user')}\r\n`;
});
afterAll(() => app.close());

test.each([
  '/health/live',
  '/health/ready',
  '/api/v1/apikey/verify',
  '/api/v1/user/me',
  '/api/v1/user/usage',
  '/api/v1/docs/doc.json',
  '/llms.txt',
])('%s ignores conditional request headers', async (path) => {
  for (const condition of [
    'If-None-Match: *',
    'If-None-Match: "a", W/"b"',
    `If-Modified-Since: ${new Date().toUTCString()}`,
  ]) {
    const { text } = await sendRaw(
      app.port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\n${credentials}${condition}\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  }
});
