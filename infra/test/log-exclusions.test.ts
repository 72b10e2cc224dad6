import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { basePath } from '@andamio/schema/hosts';
import { operations } from '@andamio/schema/operations';
import { describe, expect, test } from 'vitest';
import { engineIsHere } from './harness/requirements.ts';
import { changes, configure, deployed } from './harness/stack.ts';

/** Returns the filters of the exclusions in a stack's reviewed snapshot, by name. */
function filtersOf(stack: string): Readonly<Record<string, string>> {
  const file = join(import.meta.dirname, `snapshots/${stack}.json`);
  const resources = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly type: string;
    readonly inputs: { readonly name: string; readonly filter: string };
  }[];
  return Object.fromEntries(
    resources
      .filter(({ type }) => type === 'gcp:logging/projectExclusion:ProjectExclusion')
      .map(({ inputs }) => [inputs.name, inputs.filter]),
  );
}

const verifications = filtersOf('prod')['andamio-api-verifications'] ?? '';
const databaseCalls = filtersOf('prod')['andamio-api-database-calls'] ?? '';

describe('the lines of valid keys in the request log', () => {
  const excludes = (path: string) => {
    const pattern = /requestUrl=~"([^"]+)"/.exec(verifications)?.[1] ?? '';
    return new RegExp(pattern).test(`https://andamio-api-1.us-central1.run.app${path}`);
  };
  const verify = `${basePath}/apikey/verify`;

  test('are recognized by the path, with whatever follows it', () => {
    for (const path of [verify, `${verify}?a=1`, `${verify}/orders/1`, `${verify}/`])
      expect(excludes(path), path).toBe(true);
  });

  test('are told apart from those of all other operations', () => {
    const others = Object.values(operations)
      .map(({ path }) => path)
      .filter((path) => path !== verify);
    expect(others.length).toBeGreaterThan(5);
    for (const path of [...others, '/health/ready', `${verify}s`, `/x?${verify}`])
      expect(excludes(path), path).toBe(false);
  });

  test('are excluded only with status 200, and only those of this service', () => {
    expect(verifications.split(' AND ')).toEqual(
      expect.arrayContaining([
        'resource.labels.service_name="andamio-api"',
        'httpRequest.status=200',
        'severity<WARNING',
      ]),
    );
  });
});

test("only the service's own routine calls are excluded from the data access log", () => {
  expect(databaseCalls.split(' AND ')).toEqual([
    'log_id("cloudaudit.googleapis.com/data_access")',
    'protoPayload.serviceName="firestore.googleapis.com"',
    'protoPayload.authenticationInfo.principalEmail="andamio-api-run@documented-project.iam.gserviceaccount.com"',
    'severity<WARNING',
  ]);
});

describe.skipIf(!engineIsHere)('an update of a protected service', () => {
  test('keeps or drops the log entries and changes the billing, as the settings say', async () => {
    const { stack } = await deployed('prod');
    const changed = {
      logVerifications: 'true',
      logDatabaseCalls: 'true',
      cpuIdle: 'false',
      maxInstances: '1000',
    };
    await configure(stack, changed);
    expect(changes((await stack.up()).summary)).toEqual({ update: 1, delete: 2 });
    expect(changes((await stack.up()).summary)).toEqual({});
    await configure(stack, { logVerifications: 'false' });
    expect(changes((await stack.up()).summary)).toEqual({ create: 1 });
  });
});
