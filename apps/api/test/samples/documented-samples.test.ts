import {
  approveDeviceLogin,
  operations,
  redeemDeviceLogin,
  requestApiKey,
} from '@andamio/schema/operations';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { approveDevice, requestKey, startDeviceLogin } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createSampleRunner, runners } from '../harness/languages.ts';

type Documented = Record<
  string,
  Record<string, { 'x-codeSamples': { label: string; source: string }[] }>
>;

/**
 * The placeholders for credentials in the samples, each with the error that the service returns
 * without the credential.
 */
const credentials = {
  bearer: {
    header: 'Authorization',
    placeholder: 'YOUR_JWT_TOKEN',
    details: /"details":"Send a valid, unexpired token/,
  },
  apiKey: {
    header: 'X-API-Key',
    placeholder: 'YOUR_API_KEY',
    details: /"details":"Send a valid, unexpired key/,
  },
} as const;

/** Returns a sample's source without the line that sets a header. */
const withoutHeader = (source: string, header: string) =>
  source
    .split('\n')
    .filter((line) => !line.includes(header))
    .join('\n');

describe('code samples of the OpenAPI document', () => {
  const runner = createSampleRunner();
  let service: TestProcess;
  let paths: Documented;
  beforeAll(async () => {
    service = await startProcess({
      KEY_REPORTS: 'on',
      DEVICE_LOGIN: 'on',
      TRUST_PROXY_HOPS: '1',
    });
    const answer = await fetch(`${service.url}/api/v1/docs/doc.json`);
    ({ paths } = (await answer.json()) as { paths: Documented });
  });
  afterAll(() => {
    service.signal('SIGKILL');
    runner.close();
  });

  let logins = 0;

  /** Returns a sample with the codes of a login, which is approved if the sample redeems it. */
  async function withCodes(operation: { id: string }, source: string, token: string) {
    if (![approveDeviceLogin.id, redeemDeviceLogin.id].some((id) => id === operation.id))
      return source;
    // The number of logins of an address is limited.
    const headers = { 'x-forwarded-for': `203.0.113.${logins++}` };
    const { body } = await startDeviceLogin(service.url, undefined, { headers });
    const user_code = body['user_code'] as string;
    if (operation.id === redeemDeviceLogin.id) {
      for (const decision of [undefined, 'approve'])
        await approveDevice(service.url, { user_code, decision }, { token });
    }
    return source
      .replace(approveDeviceLogin.body.example.user_code, user_code)
      .replace(redeemDeviceLogin.body.example.device_code, body['device_code'] as string);
  }

  const samplesOf = ({ path, method }: { path: string; method: string }) =>
    paths[path]?.[method]?.['x-codeSamples'];
  const sampleOf = (operation: { path: string; method: string }, label: string) =>
    samplesOf(operation)?.find((sample) => sample.label === label)?.source ?? 'no such sample';

  test.each(operations)('$id has a code sample in each of the six languages', (operation) => {
    expect(samplesOf(operation)?.map(({ label }) => label)).toEqual(Object.keys(runners));
  });

  for (const operation of operations) {
    describe.each(Object.entries(runners))(
      `the ${operation.id} sample in %s`,
      (label, { needs, responseLines }) => {
        const available = needs === undefined || inject('available').includes(needs);
        const { security } = operation;

        test.runIf(available)(
          `${operation.id} sample in ${label} prints the response`,
          async () => {
            const token = tokenFor(`a reader of ${label} for ${operation.id}`);
            let key = '';
            // The other operations use this key. It has one day left, so it can be extended.
            if (security !== 'none' && operation.id !== requestApiKey.id) {
              const body = { ...requestApiKey.body.example, expires_in_days: 1 };
              key = (await requestKey(service.url, body, { token })).body['api_key'] as string;
            }
            const source = sampleOf(operation, label)
              .replace('YOUR_JWT_TOKEN', token)
              .replace('YOUR_API_KEY', key);
            const result = await runner.run(label, await withCodes(operation, source, token));
            expect(result).toMatchObject({ code: 0, stderr: '' });
            expect(operation.success.schema.safeParse(JSON.parse(result.stdout))).toMatchObject({
              success: true,
            });
            if (operation.id === requestApiKey.id) {
              expect(result.stdout).toMatch(/"api_key":"ant-[0-9A-Za-z]{40}".*"name":"MyFirstKey"/);
            }
          },
        );

        test(`${operation.id} sample in ${label} sends exactly the credentials that the operation takes`, () => {
          for (const [kind, { header, placeholder }] of Object.entries(credentials)) {
            const sent = [header, placeholder].map((text) =>
              sampleOf(operation, label).includes(text),
            );
            expect(sent).toEqual(kind === security ? [true, true] : [false, false]);
          }
        });
        if (security === 'none') return;

        const first = operations.find((other) => other.security === security) ?? operation;
        if (responseLines !== undefined && operation !== first) {
          // Compiling takes long, so only the first of these equal programs runs.
          test(`${operation.id} sample in ${label} handles the response as the ${first.id} sample does`, () => {
            const [own, tested] = [operation, first].map((each) =>
              sampleOf(each, label).split('\n').slice(-responseLines),
            );
            expect(own).toEqual(tested);
          });
          return;
        }
        test.runIf(available)(
          `${operation.id} sample in ${label} fails with the status and the error without credentials`,
          async () => {
            const { header, details } = credentials[security];
            const { code, stdout, stderr } = await runner.run(
              label,
              withoutHeader(sampleOf(operation, label), header),
            );
            expect(code).toBeGreaterThan(0);
            const output = stdout + stderr;
            expect(output).toContain('401');
            expect(output).toContain('"message":"Unauthorized: Invalid or missing credentials."');
            expect(output).toMatch(details);
          },
        );
      },
    );
  }
});
