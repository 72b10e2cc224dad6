import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';

const docs = '/api/v1/docs';
const documented = 'https://andamio-api-308006323670.us-central1.run.app';

describe('reference page', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${app.url}${path}`, { redirect: 'manual', headers });

  test.each(['/', '/docs', docs])('redirects %s to the reference page', async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `${docs}/index.html`]);
  });

  test('the policy of the reference page allows only files of the service', async () => {
    const answer = await get(`${docs}/index.html`);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(policy).not.toContain('unsafe');
    const html = await answer.text();
    expect(
      [...html.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(([, inline]) => inline),
    ).toEqual(['']);
    expect(html).not.toMatch(/<style| style=| on[a-z]+="/);
  });

  test('serves all assets of the reference page itself, compressed and immutable', async () => {
    const html = await (await get(`${docs}/index.html`)).text();
    const assets = [...html.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, path]) => path);
    expect(assets).toHaveLength(2);
    for (const path of assets) {
      const answer = await get(`${docs}/${path}`, { 'accept-encoding': 'br' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-encoding')).toBe('br');
      expect(answer.headers.get('cache-control')).toBe('public,max-age=31536000,immutable');
      expect(path).toMatch(/-[A-Z0-9]{8}\.(js|css)$/);
      await answer.arrayBuffer();
    }
  });

  test.each([
    ['an inverted range', { range: 'bytes=5-2' }],
    ['a range of the last bytes', { range: 'bytes=-10' }],
    ['a range of one byte', { range: 'bytes=0-0' }],
    ['a range past the end', { range: 'bytes=999999999-' }],
    ['a range in an unknown unit', { range: 'lines=1-2' }],
    ['an invalid range', { range: 'hello' }],
    ['two ranges', { range: 'bytes=0-1,3-4' }],
    ['If-Range with another version', { range: 'bytes=0-9', 'if-range': '"other"' }],
  ])('serves the whole asset for %s', async (_what, headers) => {
    const html = await (await get(`${docs}/index.html`)).text();
    const path = /(?:src|href)="(assets\/[^"]+)"/.exec(html)?.[1];
    const encoding = { 'accept-encoding': 'identity' };
    const whole = await (await get(`${docs}/${path}`, encoding)).arrayBuffer();
    const answer = await get(`${docs}/${path}`, { ...encoding, ...headers });
    expect([answer.status, answer.headers.get('accept-ranges')]).toEqual([200, 'none']);
    expect(answer.headers.has('content-range')).toBe(false);
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(whole))).toBe(true);
  });

  test.each(['index.html', 'reference.md', 'swagger.json', 'llms.txt'])(
    'serves %s with the host of the request',
    async (file) => {
      const answer = await get(`${docs}/${file}`);
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      const text = await answer.text();
      expect(text).toContain(app.url);
      expect(text).not.toContain(documented);
    },
  );

  test('serves Swagger 2.0 with the host and scheme of the request', async () => {
    const answer = await get(`${docs}/swagger.json`);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const { swagger, host, schemes, basePath, paths } = JSON.parse(await answer.text());
    expect({ swagger, origin: `${schemes}://${host}`, basePath }).toEqual({
      swagger: '2.0',
      origin: app.url,
      basePath: '/api/v1',
    });
    const { source } = paths['/apikey/request'].post['x-codeSamples'][0];
    expect(source).toContain(`${app.url}/api/v1/apikey/request`);
  });

  test('never includes an invalid Host in a response', async () => {
    const { sendRaw } = await import('../harness/raw-socket.ts');
    const request = `GET ${docs}/llms.txt HTTP/1.1\r\nHost: a"><script>\r\nConnection: close\r\n\r\n`;
    const { text } = await sendRaw(app.port, Buffer.from(request));
    expect(text).not.toContain('<script>');
  });

  test.each([
    `${docs}/assets/`,
    `${docs}/assets/nothing.js`,
    `${docs}/assets/../index.html.map`,
    `${docs}/index.htm`,
  ])('responds with a 404 JSON error to %s', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ statusCode: 404 });
  });

  test('/llms.txt links to the whole reference as Markdown', async () => {
    const index = await (await get('/llms.txt')).text();
    expect(index).toMatch(/^# Andamio API\n/);
    const markdown = await (await get(/\((\/[^)]+\.md)\)/.exec(index)?.[1] ?? '')).text();
    for (const part of [
      '`api_key_name` | string | `3 <= length <= 100`',
      '## Errors',
      '## Limits',
      'name_taken',
    ]) {
      expect(markdown).toContain(part);
    }
  });
});
