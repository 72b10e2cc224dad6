import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { deleteApiKey, requestApiKey, rotateApiKey } from '@andamio/schema/operations';
import { deleteKey, requestKey, rotateKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/http/exchange.ts';
import { getOpenApiDocumentHandler } from '../../src/http/operations/get-openapi-document.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectPublishedHeaders } from '../harness/published-schema.ts';

const committed = readFileSync(
  new URL('../../../../packages/schema/openapi.json', import.meta.url),
  'utf8',
);
const production = 'https://andamio-api-308006323670.us-central1.run.app';
const preproduction = 'https://andamio-api-preprod-308006323670.us-central1.run.app';

/** Fetches the OpenAPI document with headers that `fetch` does not allow, such as Host. */
async function documentFrom(app: TestApp, headers: Record<string, string>) {
  const body = await new Promise<string>((resolve, reject) => {
    request({ port: app.port, path: '/api/v1/docs/doc.json', headers }, (response) =>
      resolve(text(response)),
    )
      .on('error', reject)
      .end();
  });
  return { body, servers: JSON.parse(body).servers as { url: string; description: string }[] };
}

describe('the OpenAPI document', () => {
  let app: TestApp;
  let behindProxy: TestApp;
  beforeAll(async () => {
    app = await startApp();
    behindProxy = await startApp({ settings: { trustProxyHops: 1 } });
  });
  afterAll(() => Promise.all([app.close(), behindProxy.close()]));

  test('loads the document again after a load failed', async () => {
    let isBroken = true;
    const handle = getOpenApiDocumentHandler(
      () => production,
      async () => {
        if (isBroken) throw new Error('Cannot find the document.');
        return { text: '{}', servers: [] };
      },
    );
    const exchange = { request: { headers: {} } } as Exchange;
    await expect(handle(exchange)).rejects.toThrow('Cannot find');
    isBroken = false;
    expect(await handle(exchange)).toMatchObject({ status: 200 });
  });

  test('serves the committed document without authentication, with its own host', async () => {
    for (const headers of [{}, { authorization: 'Bearer garbage' }]) {
      const answer = await fetch(`${app.url}/api/v1/docs/doc.json`, { headers });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/json; charset=utf-8',
      ]);
      const { servers, ...others } = JSON.parse(
        (await answer.text()).replaceAll(app.url, production),
      );
      const { servers: published, ...expected } = JSON.parse(committed);
      expect(others).toEqual(expected);
      expect(servers).toEqual([{ url: production, description: 'This host' }, ...published]);
    }
  });

  test('serves exactly the committed document on the documented host', async () => {
    const { body } = await documentFrom(behindProxy, {
      host: production.slice(8),
      'x-forwarded-proto': 'https',
    });
    expect(JSON.parse(body)).toEqual(JSON.parse(committed));
  });

  test('documents the bodies and headers of errors as they are sent', async () => {
    const { url } = app;
    await requestKey(url, { api_key_name: 'MyFirstKey' });
    const limited = await startApp({ settings: { ipRateLimitPerMinute: 1 } });
    await requestKey(limited.url, {}, { token: 'garbage' });
    const answers = [
      [requestApiKey, await requestKey(url, {})],
      [requestApiKey, await requestKey(url, {}, { token: 'garbage' })],
      [
        requestApiKey,
        await requestKey(url, {}, { token: tokenFor('user', { scope: 'apikey:read' }) }),
      ],
      [deleteApiKey, await deleteKey(url, { api_key_name: 'NoSuchKey' })],
      [rotateApiKey, await rotateKey(url, { api_key_name: 'MyFirstKey' })],
      [requestApiKey, await requestKey(url, { api_key_name: 'x' })],
      [requestApiKey, await requestKey(limited.url, {}, { token: 'garbage' })],
    ] as const;
    await limited.close();
    const statuses = answers.map(([, { status }]) => status);
    expect(statuses).toEqual([400, 401, 403, 404, 409, 422, 429]);
    for (const [operation, answer] of answers) {
      const { content } = JSON.parse(committed).components.responses[`Error${answer.status}`];
      expect(answer.body).toEqual(content['application/json'].example);
      expectPublishedHeaders(operation, answer);
    }
  });

  test.each(['localhost', 'api.example.com:8443', '[::1]:8080', '10.0.0.1'])(
    'the served document has the host %s of the request',
    async (host) => {
      const { body, servers } = await documentFrom(app, { host });
      expect(servers.map(({ url }) => url)).toEqual([`http://${host}`, production, preproduction]);
      expect(body.split(production)).toHaveLength(2);
      expect(body).toContain(`http://${host}/api/v1/apikey/request`);
    },
  );

  test('the served document has https URLs only if a trusted proxy reports https', async () => {
    const headers = { host: preproduction.slice(8), 'x-forwarded-proto': 'https' };
    const { servers } = await documentFrom(behindProxy, headers);
    expect(servers).toEqual([
      { url: preproduction, description: 'Pre-production' },
      { url: production, description: 'Production' },
    ]);
    expect((await documentFrom(app, headers)).servers[0]?.url).toBe(
      preproduction.replace('https', 'http'),
    );
  });

  test.each(["a'b", 'a%22b', '$(id)', 'a;b', 'a&b=c', 'x'.repeat(254), 'a:123456'])(
    'the served document has the documented host if the request has the Host %j',
    async (host) => {
      expect(JSON.parse((await documentFrom(app, { host })).body)).toEqual(JSON.parse(committed));
    },
  );

  test('the served document ignores all forwarded headers but an https protocol', async () => {
    const headers = {
      host: 'localhost',
      'x-forwarded-proto': 'java"script',
      'x-forwarded-host': 'evil.example.com',
    };
    expect((await documentFrom(behindProxy, headers)).servers[0]?.url).toBe('http://localhost');
  });
});
