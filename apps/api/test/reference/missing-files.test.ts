import { join } from 'node:path';
import { requestKey } from '@andamio/testing/service-requests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';

const docs = '/api/v1/docs';

describe('without the files of the reference page', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ referenceFolder: join(import.meta.dirname, 'no-such-folder') });
  });
  afterAll(() => app.close());

  test('issues keys without the files of the reference page', async () => {
    expect((await requestKey(app.url, { api_key_name: 'abc' })).status).toBe(200);
  });

  test.each(['/health/ready', `${docs}/doc.json`])(
    'serves %s without the files of the reference page',
    async (path) => {
      expect((await fetch(`${app.url}${path}`)).status).toBe(200);
    },
  );

  test.each(['index.html', 'reference.md', 'swagger.json', 'llms.txt', 'assets/any.js'])(
    'responds with 500 to every request for a missing %s',
    async (file) => {
      for (const _attempt of ['first', 'second']) {
        const answer = await fetch(`${app.url}${docs}/${file}`);
        expect(answer.status).toBe(500);
        expect(answer.headers.get('x-error-code')).toBe('internal');
        expect(await answer.text()).not.toContain('no-such-folder');
      }
    },
  );
});
