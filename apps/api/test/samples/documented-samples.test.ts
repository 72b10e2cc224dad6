import { operations, requestApiKey } from '@andamio/schema/operations';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createWorkshop, runners } from '../harness/languages.ts';
import { startProcess, type TestProcess } from '../harness/process.ts';
import { requestKey } from '../harness/request-key.ts';
import { tokenFor } from '../harness/tokens.ts';

type Documented = Record<string, Record<string, { 'x-codeSamples': { label: string; source: string }[] }>>;

/** What stands in a sample for the reader's own credentials, and what a reader is told who leaves them out. */
const credentials = {
  bearer: {
    header: 'Authorization',
    placeholder: 'YOUR_JWT_TOKEN',
    details: /"details":"Send a valid, unexpired token/,
  },
  apiKey: { header: 'X-API-Key', placeholder: 'YOUR_API_KEY', details: /"details":"Send a valid, unexpired key/ },
} as const;

/** Every header of a sample stands on a line of its own. */
const withoutHeader = (source: string, header: string) =>
  source
    .split('\n')
    .filter((line) => !line.includes(header))
    .join('\n');

describe('every sample of the document that the service serves runs as it stands', () => {
  const workshop = createWorkshop();
  let service: TestProcess;
  let paths: Documented;
  beforeAll(async () => {
    service = await startProcess();
    const answer = await fetch(`${service.url}/api/v1/docs/doc.json`);
    ({ paths } = (await answer.json()) as { paths: Documented });
  });
  afterAll(() => {
    service.signal('SIGKILL');
    workshop.close();
  });

  const samplesOf = ({ path, method }: { path: string; method: string }) => paths[path]?.[method]?.['x-codeSamples'];
  const sampleOf = (operation: { path: string; method: string }, label: string) =>
    samplesOf(operation)?.find((sample) => sample.label === label)?.source ?? 'no such sample';

  test.each(operations)('$id has one in each of the six languages', (operation) => {
    expect(samplesOf(operation)?.map(({ label }) => label)).toEqual(Object.keys(runners));
  });

  for (const operation of operations) {
    describe.each(Object.entries(runners))(`${operation.id} in %s`, (label, { needs }) => {
      const available = needs === undefined || inject('available').includes(needs);
      const { security } = operation;

      test.runIf(available)('prints what the operation answers', async () => {
        const token = tokenFor(`a reader of ${label} for ${operation.id}`);
        let key = '';
        // What other operations do with a key they do with this one; only near its end can it be extended.
        if (security !== 'none' && operation.id !== requestApiKey.id) {
          const body = { ...requestApiKey.body.example, expires_in_days: 1 };
          key = (await requestKey(service.url, body, { token })).body['api_key'] as string;
        }
        const source = sampleOf(operation, label).replace('YOUR_JWT_TOKEN', token).replace('YOUR_API_KEY', key);
        const ran = await workshop.run(label, source);
        expect(ran).toMatchObject({ code: 0, complaint: '' });
        expect(operation.success.schema.safeParse(JSON.parse(ran.output))).toMatchObject({ success: true });
        if (operation.id === requestApiKey.id) {
          expect(ran.output).toMatch(/"api_key":"ant-[0-9A-Za-z]{40}".*"name":"MyFirstKey"/);
        }
      });

      test('asks for no credentials but those that the operation takes', () => {
        for (const [kind, { header, placeholder }] of Object.entries(credentials)) {
          const asked = [header, placeholder].map((text) => sampleOf(operation, label).includes(text));
          expect(asked).toEqual(kind === security ? [true, true] : [false, false]);
        }
      });
      if (security === 'none') return;
      test.runIf(available)('ends with the status and the error, where they are left out', async () => {
        const { header, details } = credentials[security];
        const ran = await workshop.run(label, withoutHeader(sampleOf(operation, label), header));
        expect(ran.code).toBeGreaterThan(0);
        const said = ran.output + ran.complaint;
        expect(said).toContain('401');
        expect(said).toContain('"message":"Unauthorized: Invalid or missing credentials."');
        expect(said).toMatch(details);
      });
    });
  }
});
